"""Work to be done after the transaction: written into it, published after it.

``enqueue`` writes a row into the outbox of the schema that we are in; the row commits or vanishes with the
change that wanted it. A hint in Valkey wakes the dispatcher at once, a sweep finds what the hint missed
(core.outbox). Tasks are named by text, so that services need not import the doors that tasks are.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import redis
from django.db import DEFAULT_DB_ALIAS, transaction
from django.utils import timezone

from . import valkey
from .context import AUDIT, current_schema
from .ids import uuid7
from .models import OutboxMessage

logger = logging.getLogger(__name__)

#: Sorted set of schemas with fresh messages; the score is the time of the hint.
HINTS = "outbox-hints"


class AlreadyDone(Exception):
    """The running message was finished by an earlier delivery; the task ends without effect."""


#: The outbox row behind the running task, None for periodic tasks and outside tasks.
RUNNING: ContextVar[UUID | None] = ContextVar("tradehall_running_message", default=None)


@dataclass(frozen=True, slots=True)
class _Hint:
    """Tells the dispatcher that a schema has work. Two hints of one schema in a transaction are one."""

    schema: str

    def __call__(self) -> None:
        """Never raises: the sweep delivers when Valkey is away, and the change is committed already."""
        hint = {self.schema: timezone.now().timestamp()}
        try:
            valkey.client().zadd(valkey.platform_key(HINTS), hint, nx=True)
        except (redis.RedisError, OSError) as error:
            logger.warning("the dispatcher was not told", extra={"reason": type(error).__name__})


def enqueue(task: str, /, *, countdown: float = 0, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> UUID:
    """Have a task done after the current transaction commits, in the schema that we are in now.

    ``task`` is a literal name (``trading.send_order``); a check at start resolves it. ``countdown`` is in
    seconds. ``kwargs`` are JSON values, UUIDs, Decimals, dates or times; the task gets the latter as text.
    Refuses to run outside a transaction. Returns the outbox row's id.
    """
    connection = transaction.get_connection(using)
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"{task} was enqueued outside a transaction")
    audit = AUDIT.get()
    message_id = uuid7()
    message = OutboxMessage(
        id=message_id,
        task=task,
        kwargs=plain(kwargs),
        request_id=audit.request_id,
        actor_id=audit.actor_id,
        available_at=timezone.now() + timedelta(seconds=countdown),
    )
    message.save(using=using, force_insert=True)
    hint = _Hint(current_schema())
    if all(waiting != hint for _sids, waiting, _robust in connection.run_on_commit):
        # Not robust=True: Django names a failed hook by __qualname__, which an object does not have.
        transaction.on_commit(hint, using=using)
    return message_id


def plain(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments as JSON brings them to the task. Raises TypeError for objects, ValueError for NaN."""

    def default(value: Any) -> str:
        if isinstance(value, UUID | Decimal):
            return str(value)
        if isinstance(value, datetime | date):
            return value.isoformat()
        raise TypeError(f"{type(value).__name__} cannot be a task argument: pass an id")

    result: dict[str, Any] = json.loads(json.dumps(kwargs, default=default, allow_nan=False))
    return result


@contextmanager
def exactly_once() -> Iterator[None]:
    """A transaction in which a task's effect and the mark that it is done commit together.

    For tasks whose effect is not idempotent by itself; call steps inside, not commands. A second delivery
    waits for the first, then ends without effect. Without a message (periodic tasks) it is a transaction.
    """
    message_id = RUNNING.get()
    with transaction.atomic(durable=True):
        if message_id is not None:
            row = OutboxMessage.objects.select_for_update().filter(pk=message_id)
            if row.values_list("status", flat=True).first() in (None, OutboxMessage.Status.DONE):
                raise AlreadyDone
        yield
        if message_id is not None:
            mark_done(message_id)


def mark_done(message_id: UUID) -> None:
    """Close an outbox row."""
    OutboxMessage.objects.filter(pk=message_id).update(
        status=OutboxMessage.Status.DONE, done_at=timezone.now(), last_error=""
    )


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task that beat starts again and again."""

    task: str
    every: timedelta
    per_tenant: bool


_PERIODIC: dict[str, Periodic] = {}


def periodic(task: str, *, every: timedelta, per_tenant: bool = True) -> None:
    """Run a task without arguments at an interval, in every active tenant or once on the platform.

    Called in an app's ``ready()``. Tenants start spread over a part of the interval, not all at once.
    """
    _PERIODIC[task] = Periodic(task, every, per_tenant)


def periodic_tasks() -> list[Periodic]:
    """All registered periodic tasks."""
    return list(_PERIODIC.values())
