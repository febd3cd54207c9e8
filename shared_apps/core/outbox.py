"""From outbox rows to the broker, and what becomes of them.

A row is claimed (``sent``, with the time at which it counts as lost), the claim commits, then it is
published: no network call in a transaction. A row that is not done in time is claimed again; after
``max_attempts`` claims it is dead and keeps its error.
"""

from __future__ import annotations

import logging
import random
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest
from django.utils import timezone
from kombu.exceptions import OperationalError

from .context import PUBLIC, Schema, tenant_context
from .envelope import Envelope
from .events import Event, emit
from .models import OutboxMessage

logger = logging.getLogger(__name__)

BATCH = 200
#: Messages due this soon are published at once, with their time: the sweep is coarser than a countdown.
HORIZON = timedelta(seconds=30)
_LONGEST_BACKOFF = 300  # seconds


@dataclass(frozen=True, kw_only=True)
class TaskDied(Event):
    """A task was given up; its outbox row keeps the last error."""

    name = "core.task_died"
    message_id: UUID
    task: str
    error: str


@dataclass(frozen=True, slots=True)
class TaskPolicy:
    """How long a delivery may take before the task is sent again (seconds), and how often."""

    retry_after: int = 60
    max_attempts: int = 8


#: Filled by the task decorators; the names that ``enqueue`` may use.
POLICIES: dict[str, TaskPolicy] = {}


def backoff(attempts: int) -> timedelta:
    """Wait before the next try after ``attempts`` failures: 5 s, doubled each time, at most 5 minutes."""
    return timedelta(seconds=min(5 * 2 ** max(attempts - 1, 0), _LONGEST_BACKOFF))


def publish(
    task: str,
    *,
    schema: str,
    kwargs: Mapping[str, Any],
    message: UUID | None = None,
    request_id: str = "",
    eta: datetime | None = None,
    expires: float | None = None,
) -> None:
    """Hand a task to the broker with its signed header. Raises kombu's OperationalError."""
    when: dict[str, Any] = {"eta": eta, "expires": expires}
    headers = Envelope(schema, message, request_id).seal(task, kwargs)
    current_app.tasks[task].apply_async(kwargs=dict(kwargs), headers=headers, **when)


def claim(schema: str, *, now: datetime, limit: int = BATCH) -> list[OutboxMessage]:
    """Mark a schema's due messages as sent and return them; those at the end of their tries die.

    Two dispatchers never claim the same row (SKIP LOCKED). Commits before it returns.
    """
    with tenant_context(Schema(schema)), transaction.atomic(durable=True):
        due = (
            OutboxMessage.objects.select_for_update(skip_locked=True)
            .filter(
                Q(status=OutboxMessage.Status.PENDING, available_at__lte=now + HORIZON)
                | Q(status=OutboxMessage.Status.SENT, available_at__lte=now)
            )
            .order_by("available_at")[:limit]
        )
        alive: list[OutboxMessage] = []
        by_delay: dict[int, list[UUID]] = defaultdict(list)
        for message in due:
            policy = POLICIES.get(message.task)
            if policy is None or message.attempts >= policy.max_attempts:
                _bury(message, "no task has this name" if policy is None else "it never finished in time")
                continue
            alive.append(message)
            by_delay[policy.retry_after].append(message.id)
        for delay, ids in by_delay.items():
            OutboxMessage.objects.filter(pk__in=ids).update(
                status=OutboxMessage.Status.SENT,
                attempts=F("attempts") + 1,
                sent_at=now,
                available_at=Greatest("available_at", Value(now)) + timedelta(seconds=delay),
            )
    return alive


def _bury(message: OutboxMessage, reason: str) -> None:
    error = message.last_error or reason
    OutboxMessage.objects.filter(pk=message.id).update(status=OutboxMessage.Status.DEAD, last_error=error)
    logger.error("outbox.dead", extra={"task": message.task, "message_id": str(message.id), "error": error})
    emit(TaskDied(message_id=message.id, task=message.task, error=error))


def dispatch(schemas: Iterable[str], *, limit: int = BATCH) -> int:
    """Publish everything that is due in these schemas, in turns of ``limit``. Returns how many.

    When the broker is away the claimed rows go back to pending, and the error is raised.
    """
    waiting, sent = deque(dict.fromkeys(schemas)), 0
    while waiting:
        schema = waiting.popleft()
        messages = claim(schema, now=timezone.now(), limit=limit)
        for position, message in enumerate(messages):
            try:
                publish(
                    message.task,
                    schema=schema,
                    kwargs=message.kwargs,
                    message=message.id,
                    request_id=message.request_id,
                    eta=message.available_at if message.available_at > timezone.now() else None,
                )
            except OperationalError:
                _unclaim(schema, [left.id for left in messages[position:]])
                raise
        sent += len(messages)
        if len(messages) == limit:
            waiting.append(schema)
    return sent


def _unclaim(schema: str, ids: list[UUID]) -> None:
    with tenant_context(Schema(schema)), transaction.atomic(durable=True):
        OutboxMessage.objects.filter(pk__in=ids, status=OutboxMessage.Status.SENT).update(
            status=OutboxMessage.Status.PENDING, attempts=F("attempts") - 1, available_at=timezone.now()
        )


def record_failure(message_id: UUID, error: BaseException) -> None:
    """Keep a task's error and plan its next try, or give it up. Runs in the task's own schema."""
    with transaction.atomic(durable=True):
        message = OutboxMessage.objects.select_for_update().filter(pk=message_id).first()
        if message is None or message.status == OutboxMessage.Status.DONE:
            return
        message.last_error = f"{type(error).__name__}: {error}"[:2000]
        if message.attempts >= POLICIES[message.task].max_attempts:
            _bury(message, message.last_error)
            return
        message.status = OutboxMessage.Status.PENDING
        message.available_at = timezone.now() + backoff(message.attempts)
        message.save(update_fields=["status", "last_error", "available_at"])


def is_open(message_id: UUID) -> bool:
    """Whether a delivered message still has to be done."""
    status = OutboxMessage.objects.filter(pk=message_id).values_list("status", flat=True).first()
    return status in (OutboxMessage.Status.PENDING, OutboxMessage.Status.SENT)


def count_redelivery(message_id: UUID) -> bool:
    """Count a delivery by the broker itself (its worker died); False when the tries are used up.

    Without it a task that kills its worker would come back for ever.
    """
    with transaction.atomic(durable=True):
        message = OutboxMessage.objects.select_for_update().filter(pk=message_id).first()
        if message is None:
            return False
        if message.attempts >= POLICIES[message.task].max_attempts:
            _bury(message, "its worker died each time")
            return False
        OutboxMessage.objects.filter(pk=message_id).update(attempts=F("attempts") + 1)
        return True


def fan_out(task: str, schemas: Iterable[str], *, spread: float, expires: float) -> None:
    """Start a periodic task in many schemas, each at a random moment within ``spread`` seconds."""
    now = timezone.now()
    for schema in schemas:
        eta = now + timedelta(seconds=random.uniform(0, spread))  # noqa: S311 - no secret
        publish(task, schema=schema, kwargs={}, eta=eta if spread >= 1 else None, expires=expires)


def counts(schema: str = PUBLIC) -> dict[str, int]:
    """How many messages of a schema are in each open or dead state, for health and metrics."""
    open_states = (OutboxMessage.Status.PENDING, OutboxMessage.Status.SENT, OutboxMessage.Status.DEAD)
    with tenant_context(Schema(schema)):
        return {str(status): OutboxMessage.objects.filter(status=status).count() for status in open_states}
