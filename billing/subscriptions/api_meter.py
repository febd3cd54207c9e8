"""Bytes over the API (S4-47): counted in the process, added up in Valkey, kept in the database each minute.

A process adds what it has counted every half second, so a request costs a look into a dictionary; the count
of all processes may run behind by that much. Without Valkey nobody is refused.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import redis
from django.utils import timezone

from shared_apps.core import valkey
from shared_apps.core.context import Schema

from . import meters
from .rules.limits import Limit, Meter

logger = logging.getLogger(__name__)
_FLUSH_SECONDS = 0.5
_KEEP = timedelta(days=3)


@dataclass
class _Count:
    """What this process knows of a tenant's day: the sum of all at the last flush, and its own since."""

    day: date
    known: int = 0
    pending: int = 0
    flush_at: float = 0.0


_counts: dict[str, _Count] = {}
_lock = threading.Lock()


def used(schema: str) -> int:
    """Bytes of the tenant today, as far as this process knows."""
    count = _count_of(schema)
    if count.flush_at <= time.monotonic():
        flush(schema)
    return count.known + count.pending


def add(schema: str, number: int) -> None:
    """Count bytes that went in or out."""
    count = _count_of(schema)
    with _lock:
        count.pending += number


def remaining(schema: str, limit: Limit) -> int | None:
    """Bytes left today; None without a hard limit."""
    return None if limit.hard is None else max(limit.hard - used(schema), 0)


def seconds_left() -> int:
    """Until the day ends (UTC)."""
    now = timezone.now().astimezone(UTC)
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return max(int((midnight - now).total_seconds()), 1)


def flush(schema: str) -> None:
    """Add what was counted here to the sum of all processes, and learn that."""
    count = _count_of(schema)
    with _lock:
        number, count.pending = count.pending, 0
        count.flush_at = time.monotonic() + _FLUSH_SECONDS
    try:
        count.known = _add_up(schema, count.day, number)
    except (redis.RedisError, OSError) as error:
        logger.warning("bytes were not added up", extra={"reason": type(error).__name__})
        with _lock:
            count.pending += number


def _add_up(schema: str, day: date, number: int) -> int:
    client, key = valkey.client(), _key(schema, day)
    total = int(client.incrby(key, number))
    if total == number:  # the first of the day, or Valkey has forgotten: the database remembers
        kept = meters.used(Schema(schema), Meter.API_BYTES, day)
        total = int(client.incrby(key, kept)) if kept else total
        client.expire(key, _KEEP)
    return total


def keep(schema: str) -> None:
    """Write the day's sum into the database; people are told of what it reaches."""
    flush(schema)
    count = _count_of(schema)
    if count.known:
        meters.at_least(Schema(schema), Meter.API_BYTES, count.known, count.day)


def forget() -> None:
    """Begin anew in this process; tests call it."""
    with _lock:
        _counts.clear()


def _count_of(schema: str) -> _Count:
    today = timezone.now().astimezone(UTC).date()
    count = _counts.get(schema)
    if count is None or count.day != today:
        with _lock:
            count = _counts[schema] = _Count(today)
    return count


def _key(schema: str, day: date) -> str:
    return valkey.platform_key("meter", schema, Meter.API_BYTES, day.isoformat())
