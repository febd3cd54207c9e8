"""Live messages: numbered, kept for a while, and continued without a gap after a broken connection.

A service publishes in its transaction. The message is written into the outbox with it and goes to Valkey
right after the commit, where one script gives it the next number of its stream, keeps it in the stream's
tail and wakes the listeners; then the outbox row is deleted. When the process dies in between, the sweep
delivers the row; the message's id keeps it from being numbered twice.

A stream belongs to a schema and a topic, and there is one more for each member, so that nobody reads what
another member's orders do. Numbers of one stream follow each other without holes. A stream that Valkey
lost starts again at the time in milliseconds, above every number it ever gave, so that a reader sees a
gap and never silence.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from . import valkey
from .background import plain
from .context import PUBLIC, Schema, current_schema, tenant_context
from .models import OutboxMessage

TAIL = 1_000
"""Messages kept for those who come back."""
KEPT_SECONDS = 3 * 24 * 3600
DELIVERED_LATE = timedelta(seconds=60)
"""When the sweep takes over a message that its own process did not deliver."""

_PUBLISH = """
if not redis.call('SET', KEYS[1], '1', 'NX', 'EX', 3600) then return 0 end
for index = 2, #KEYS do
    local key = KEYS[index]
    local last = redis.call('GET', key .. ':seq')
    local seq = last and (tonumber(last) + 1) or tonumber(ARGV[2])
    local text = string.format('%.0f', seq)
    redis.call('SET', key .. ':seq', text, 'EX', ARGV[4])
    redis.call('XADD', key, 'MAXLEN', '~', ARGV[3], text .. '-0', 'm', ARGV[1])
    redis.call('EXPIRE', key, ARGV[4])
    redis.call('PUBLISH', key, text)
end
return 1
"""


def market_topic(symbol: str) -> str:
    """Return the topic that carries an instrument's candles."""
    return f"market:{symbol}"


def stream_key(schema: str, topic: str, member_id: UUID | None = None) -> str:
    """Return the name of a stream in Valkey, which is also its wake-up channel. It carries the schema."""
    whose = "all" if member_id is None else member_id.hex
    return f"{settings.VALKEY_PREFIX}:{schema}:stream:{whose}:{topic}"


@dataclass(frozen=True, slots=True)
class _Message:
    row: UUID
    keys: tuple[str, ...]
    text: str


@dataclass
class _Flush:
    """Delivers the messages of one transaction, or of the part of it that a savepoint may undo."""

    schema: str
    messages: list[_Message] = field(default_factory=list)

    def __call__(self) -> None:
        deliver((message.row, message.keys, message.text) for message in self.messages)
        with tenant_context(Schema(self.schema)), transaction.atomic():
            OutboxMessage.objects.filter(pk__in=[message.row for message in self.messages]).delete()


def publish(topic: str, message: dict[str, Any], *, member_id: UUID | None = None) -> None:
    """Tell the topic's listeners after this transaction has committed. Refuses to run outside one.

    `member_id` names whose business it is; that member's own stream gets the message too.
    `message` is JSON; UUIDs, decimals and times become text.
    """
    connection = transaction.get_connection(DEFAULT_DB_ALIAS)
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"{topic} was published outside a transaction")
    schema = current_schema()
    keys = [stream_key(schema, topic)]
    if member_id is not None:
        keys.append(stream_key(schema, topic, member_id))
    body = plain({"topic": topic, "at": timezone.now(), "data": message})
    text = json.dumps(body, separators=(",", ":"))
    row = OutboxMessage(
        task="core.deliver_platform_stream" if schema == PUBLIC else "core.deliver_stream",
        kwargs={"keys": keys, "text": text},
        available_at=timezone.now() + DELIVERED_LATE,
    )
    row.save(force_insert=True)
    _flush_of(connection, schema).messages.append(_Message(row.id, tuple(keys), text))


def _flush_of(connection: Any, schema: str) -> _Flush:
    """Return the transaction's waiting flush, one for each savepoint and schema."""
    savepoints = set(connection.savepoint_ids)
    waiting: Iterable[tuple[set[str], Callable[[], Any], bool]] = connection.run_on_commit
    for sids, callback, _robust in waiting:
        if isinstance(callback, _Flush) and sids == savepoints and callback.schema == schema:
            return callback
    flush = _Flush(schema)
    vars(flush)["__qualname__"] = "streams.flush"  # Django names a robust hook that failed by it
    # Robust: the change is committed; when Valkey is away the sweep delivers.
    transaction.on_commit(flush, robust=True)
    return flush


def deliver(messages: Iterable[tuple[UUID, Iterable[str], str]]) -> None:
    """Number messages and hand them to the listeners; one that was delivered before is passed over."""
    now = int(timezone.now().timestamp() * 1000)
    pipeline = valkey.client().pipeline(transaction=False)
    for row, keys, text in messages:
        names = [valkey.platform_key("streamed", row), *keys]
        pipeline.eval(_PUBLISH, len(names), *names, text, now, TAIL, KEPT_SECONDS)
    pipeline.execute()


@dataclass(frozen=True, slots=True)
class Tail:
    """What a stream holds after a number: the messages, the last number given, and whether some are lost."""

    messages: list[tuple[int, str]]
    last: int
    has_gap: bool


async def last_number(client: Any, key: str) -> int:
    """Return the last number that a stream gave. One that has none yet begins now, so that a start is no
    gap."""
    beginning = int(timezone.now().timestamp() * 1000)
    await client.set(f"{key}:seq", beginning, nx=True, ex=KEPT_SECONDS)
    return int(await client.get(f"{key}:seq") or beginning)


async def read_tail(client: Any, key: str, after: int, limit: int = 200) -> Tail:
    """Return the messages numbered above `after`, at most `limit`."""
    pipeline = client.pipeline(transaction=True)
    pipeline.get(f"{key}:seq")
    pipeline.xrange(key, min=f"({after}-0", max="+", count=limit)
    last, entries = await pipeline.execute()
    number = int(last or 0)
    messages = [(int(entry.split(b"-")[0]), fields[b"m"].decode()) for entry, fields in entries]
    first = messages[0][0] if messages else number + 1
    return Tail(messages, number, number != after and first != after + 1)
