"""`/ws/stream/`: live messages over a WebSocket.

The client shows a ticket in the address (`?ticket=…`, from `POST /api/v1/auth/ws-ticket/`) and then says
what it wants:

    {"subscribe": "orders"}                     → {"type": "subscribed", "topic": "orders", "seq": 41}
    {"subscribe": "orders", "resume": 38}       → the messages 39, 40, 41 again, then live
    {"unsubscribe": "orders"}                   → {"type": "unsubscribed", "topic": "orders"}
    {"ping": 1}                                 → {"type": "pong", "ping": 1}

Each message carries the number of its topic:
`{"type": "message", "seq": 42, "topic": "orders", "at": …, "data": …}`. When messages were lost for good,
`{"type": "gap", "topic": …, "after": 38, "seq": 57}` says so and the client reads the state again over the
API. Who is no longer who they were is sent away with code 4403 within half a minute.
"""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from redis.exceptions import RedisError

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import Relation, can
from shared_apps.access.topics import may_subscribe, topics
from shared_apps.core import directory
from shared_apps.core.context import PUBLIC, host_context
from shared_apps.core.stream_hub import StreamHub, stream_hub
from shared_apps.core.streams import last_number, read_tail, stream_key
from shared_apps.market_data import queries as market_data
from shared_apps.users import principals, tickets
from shared_apps.users.hosts import HostTenant
from shared_apps.users.principals import NotAuthentic

logger = logging.getLogger(__name__)

CLOSE_FORBIDDEN = 4403
CLOSE_BAD_MESSAGE = 4400
POLL_SECONDS = 10.0
MOST_TOPICS = 50
LONGEST_MESSAGE = 4_096


@dataclass(slots=True)
class _Following:
    """A topic that the client follows: its stream, and the last number it was sent."""

    name: str
    key: str
    last: int


class StreamConsumer(AsyncWebsocketConsumer):
    """One client. All state lives here; messages are read from the streams, never handed over by other
    processes."""

    channel_layer_alias = "none"  # there is no such layer: nobody sends to consumers

    tenant: HostTenant
    actor: Actor
    hub: StreamHub

    async def connect(self) -> None:
        """Take the ticket, or close with 4403."""
        self._following: dict[str, _Following] = {}
        self._wake = asyncio.Event()
        self._jobs: list[asyncio.Task[None]] = []
        self.tenant = self.scope["tenant"]
        await self.accept()  # a refusal before it would reach browsers without its code
        query = parse_qs(self.scope["query_string"].decode("latin-1"))
        ticket = query.get("ticket", [""])[0]
        actor = None if self.tenant.schema_name == PUBLIC else await self._redeem(ticket)
        if actor is None:
            await self.close(CLOSE_FORBIDDEN)
            return
        self.actor, self.hub = actor, stream_hub()
        self._jobs = [asyncio.create_task(self._pump()), asyncio.create_task(self._watch())]

    async def disconnect(self, code: int) -> None:
        """Leave nothing running behind."""
        for job in self._jobs:
            job.cancel()
        for following in self._following.values():
            with suppress(RedisError, OSError):
                await self.hub.forget(following.key, self._wake)
        self._following.clear()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Do what the client asks; what cannot be read closes the connection."""
        if not self._jobs:
            return  # refused, and the close is on its way
        try:
            asked = json.loads(text_data or "") if len(text_data or "") <= LONGEST_MESSAGE else None
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            await self.close(CLOSE_BAD_MESSAGE)
        elif isinstance(asked.get("subscribe"), str):
            await self._subscribe(asked["subscribe"], asked.get("resume"))
        elif isinstance(asked.get("unsubscribe"), str):
            await self._unsubscribe(asked["unsubscribe"])
        elif "ping" in asked:
            await self._say(type="pong", ping=asked["ping"])
        else:
            await self._say(
                type="error", code="stream.not_understood", message="subscribe, unsubscribe or ping"
            )

    async def _subscribe(self, name: str, resume: object) -> None:
        key = _key(self.actor, name)
        if key is None or (_is_public(name) and not await self._instrument_exists(name)):
            await self._say(type="error", code="stream.no_such_topic", topic=name[:60])
            return
        if resume is not None and (isinstance(resume, bool) or not isinstance(resume, int) or resume < 0):
            await self._say(type="error", code="stream.bad_resume", topic=name)
            return
        if len(self._following) >= MOST_TOPICS and name not in self._following:
            await self._say(type="error", code="stream.too_many_topics", topic=name)
            return
        await self.hub.listen(key, self._wake)
        now = await last_number(self.hub.client, key)
        last = now if resume is None else resume
        await self._say(type="subscribed", topic=name, seq=last)
        self._following[name] = _Following(name, key, last)
        self._wake.set()

    async def _unsubscribe(self, name: str) -> None:
        following = self._following.pop(name, None)
        if following is not None:
            await self.hub.forget(following.key, self._wake)
        await self._say(type="unsubscribed", topic=name[:60])

    async def _pump(self) -> None:
        """Send what the streams hold after the last number sent, whenever something woke us."""
        while True:
            self._wake.clear()
            try:
                for following in list(self._following.values()):
                    await self._send_new(following)
            except (RedisError, OSError) as error:
                logger.warning("streams.reader_waits", extra={"error": str(error)})
                await asyncio.sleep(0.5)
                continue
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)

    async def _send_new(self, following: _Following) -> None:
        while self._following.get(following.name) is following:
            tail = await read_tail(self.hub.client, following.key, following.last)
            if tail.has_gap:
                await self._say(type="gap", topic=following.name, after=following.last, seq=tail.last)
                following.last = tail.messages[0][0] - 1 if tail.messages else tail.last
            for seq, text in tail.messages:
                await self.send(text_data=f'{{"type":"message","seq":{seq},{text[1:]}')
                following.last = seq
            if following.last >= tail.last:
                return

    async def _watch(self) -> None:
        """Send away whoever logged out, was deactivated, or may no longer see what they follow."""
        while True:
            await asyncio.sleep(settings.STREAM_REVALIDATE_SECONDS)
            actor = await self._look_again()
            if actor is None:
                break
            if any(_key(actor, each.name) != each.key for each in self._following.values()):
                break
            self.actor = actor
        await self.close(CLOSE_FORBIDDEN)

    async def _say(self, **message: Any) -> None:
        await self.send(text_data=json.dumps(message, separators=(",", ":")))

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _redeem(self, ticket: str) -> Actor | None:
        with host_context(self.tenant):
            try:
                return tickets.redeem(ticket, self.tenant).actor
            except NotAuthentic:
                return None

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _look_again(self) -> Actor | None:
        session_id, user_id = self.actor.session_id, self.actor.user_id
        if session_id is None or user_id is None:
            return None
        with host_context(self.tenant):
            if directory.find_active(self.tenant.schema_name) is None:
                return None
            try:
                return principals.from_session_id(session_id, user_id, self.tenant).actor
            except NotAuthentic:
                return None

    @database_sync_to_async  # type: ignore[untyped-decorator]
    def _instrument_exists(self, name: str) -> bool:
        with host_context(self.tenant):
            return market_data.find_instrument(name.partition(":")[2]) is not None


def _is_public(name: str) -> bool:
    """Tell whether a topic carries market data for everybody: `market:ETH-BTC`."""
    return name.startswith("market:")


def _key(actor: Actor, name: str) -> str | None:
    """The stream that this person may follow under a topic: the tenant's, the member's own, or none."""
    if (":" in name or name == "market") and not _is_public(name):
        return None
    if not may_subscribe(actor, name):
        return None
    if _is_public(name):
        return stream_key(PUBLIC, name)
    if can(actor, topics()[name]) is Relation.OWN:
        return None if actor.member_id is None else stream_key(actor.tenant_schema, name, actor.member_id)
    return stream_key(actor.tenant_schema, name)
