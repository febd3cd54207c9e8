"""One listener a process for all streams that its clients follow: it only wakes, readers read the tail
themselves.

A wake-up that is lost costs time and never a message, because a reader asks the stream for what comes
after the last number that it has sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from weakref import WeakKeyDictionary

import redis.asyncio
from django.conf import settings
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 0.5
_POLL_SECONDS = 5.0


class StreamHub:
    """The process's subscriptions, shared by its clients."""

    def __init__(self) -> None:
        self.client = redis.asyncio.Redis.from_url(
            settings.VALKEY_URL, socket_timeout=20.0, socket_connect_timeout=2.0, health_check_interval=30
        )
        self._pubsub = self.client.pubsub(ignore_subscribe_messages=True)
        self._listeners: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._task: asyncio.Task[None] | None = None

    async def listen(self, key: str, wake: asyncio.Event) -> None:
        """Set `wake` whenever the stream gets a message."""
        self._listeners[key].add(wake)
        await self._pubsub.subscribe(key)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), name="stream-hub")

    async def forget(self, key: str, wake: asyncio.Event) -> None:
        """Stop setting `wake`."""
        listeners = self._listeners.get(key)
        if listeners is None:
            return
        listeners.discard(wake)
        if not listeners:
            del self._listeners[key]
            await self._pubsub.unsubscribe(key)

    async def _run(self) -> None:
        while self._listeners:
            try:
                message = await self._pubsub.get_message(timeout=_POLL_SECONDS)
            except (RedisError, OSError) as error:
                logger.warning("streams.hub_waits", extra={"error": str(error)})
                await asyncio.sleep(_RETRY_SECONDS)
                self._wake_everybody()
                continue
            if message is not None:
                for wake in self._listeners.get(message["channel"].decode(), ()):
                    wake.set()

    def _wake_everybody(self) -> None:
        for listeners in self._listeners.values():
            for wake in listeners:
                wake.set()


_HUBS: WeakKeyDictionary[asyncio.AbstractEventLoop, StreamHub] = WeakKeyDictionary()


def stream_hub() -> StreamHub:
    """Return the hub of the running event loop."""
    loop = asyncio.get_running_loop()
    hub = _HUBS.get(loop)
    if hub is None:
        hub = _HUBS[loop] = StreamHub()
    return hub
