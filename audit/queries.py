"""The log as auditors read it: captured rows and semantic events in one list, newest first.

Both tables are walked along their time index from a position (keyset), so the thousandth page costs what the
first one does. Nothing here joins: objects are named by content type ids that the code computes.
"""

from __future__ import annotations

import base64
import heapq
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.content_types import content_type_id
from shared_apps.core.context import current_schema
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.users.hooks import Sections, rows_in_pieces

from .models import AuditEntry, AuditLog
from .registry import labels

PERMISSION = "audit.view_event"
#: Words of the captured actions, by their number in LogEntry.
ACTIONS = {0: "create", 1: "update", 2: "delete", 3: "access"}
_NUMBERS = {word: number for number, word in ACTIONS.items()}
_LABEL = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+\Z")
#: At the same instant an event stands above the rows that it explains.
_CHANGE, _EVENT = 0, 1


@dataclass(frozen=True, slots=True)
class Filters:
    """What to look for; empty means everything.

    ``actor`` is a user's number, an e-mail address, the name of a part of the system or a database role;
    ``action`` is create, update, delete or the word of an event; ``object_type`` is ``app.model``; ``text``
    is looked for in names, values and details. ``since`` is included, ``until`` is not.
    """

    actor: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    request_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """Who did it: a user by number and address, a part of the system by ``label``, else a database role."""

    id: int | None
    email: str
    label: str
    role: str
    impersonator_id: int | None

    @property
    def name(self) -> str:
        """What a person reads."""
        return self.email or self.label or (f"#{self.id}" if self.id else self.role)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line of the log: a captured row has ``changes`` ({field: [old, new]}), an event ``details``."""

    id: str
    kind: str
    timestamp: datetime
    action: str
    actor: Who
    object_type: str
    object_id: str
    changes: dict[str, list[str | None]]
    details: dict[str, Any]
    target_id: int | None
    request_id: str
    remote_addr: str
    reason: str
    position: Position = field(repr=False)


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the list; larger is newer."""

    timestamp: datetime
    rank: int
    key: int | UUID

    def token(self) -> str:
        """The place as text for an address."""
        text = f"{(self.timestamp - _EPOCH) // _MICROSECOND}.{self.rank}.{self.key}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, token: str) -> Position:
        """The reverse of token(). Raises DomainError (field ``cursor``)."""
        try:
            text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
            micros, rank, key = text.split(".")
            moment = _EPOCH + int(micros) * _MICROSECOND
            if int(rank) == _EVENT:
                return cls(moment, _EVENT, UUID(key))
            if not 0 <= int(key) < 2**63:
                raise ValueError(key)
            return cls(moment, _CHANGE, int(key))
        except (ValueError, OverflowError):
            message = _("Follow the addresses in next and previous; this one was not made here.")
            raise DomainError("audit.cursor_invalid", message, field="cursor") from None


_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_ENTRY_COLUMNS = (
    "id", "timestamp", "action", "actor_id", "actor_email", "content_type_id", "object_pk", "object_repr",
    "changes", "cid", "remote_addr", "additional_data",
)  # fmt: skip
_EVENT_COLUMNS = (
    "id", "timestamp", "action", "actor_id", "actor_email", "object_type", "object_pk", "details",
    "target_id", "request_id", "remote_addr", "additional_data",
)  # fmt: skip


class EventList:
    """The events that an actor may read, filtered; counted and sliced without loading the rest."""

    def __init__(self, actor: Actor, filters: Filters) -> None:
        """Raises ForbiddenError without ``audit.view_event``, and outside the actor's own schema."""
        require(actor, PERMISSION)
        if actor.tenant_schema != current_schema():
            raise ForbiddenError("audit.other_schema", _("You are in another organisation."))
        self._entries = _filtered_entries(filters)
        self._events = _filtered_events(filters)

    def count(self) -> int:
        """How many there are, exactly."""
        return self._entries.count() + self._events.count()

    def __getitem__(self, part: slice) -> list[AuditEvent]:
        start, stop = part.start or 0, part.stop
        return self._merge(self._entries, self._events, stop)[start:]

    def older_than(self, position: Position, limit: int) -> list[AuditEvent]:
        """The next ``limit`` events below a position, newest first."""
        entries = self._entries.filter(_before(position, _CHANGE))
        return self._merge(entries, self._events.filter(_before(position, _EVENT)), limit)

    def newer_than(self, position: Position, limit: int) -> list[AuditEvent]:
        """The next ``limit`` events above a position, newest first."""
        entries = self._entries.filter(_after(position, _CHANGE)).reverse()
        events = self._events.filter(_after(position, _EVENT)).reverse()
        return self._merge(entries, events, limit, newest_first=False)[::-1]

    def _merge(
        self, entries: QuerySet[Any], events: QuerySet[Any], limit: int, *, newest_first: bool = True
    ) -> list[AuditEvent]:
        streams: list[Iterable[AuditEvent]] = [
            map(_from_entry, entries.values_list(*_ENTRY_COLUMNS)[:limit]),
            map(_from_event, events.values_list(*_EVENT_COLUMNS)[:limit]),
        ]
        merged = heapq.merge(*streams, key=lambda event: event.position, reverse=newest_first)
        return list(islice(merged, limit))


def visible_events(actor: Actor, filters: Filters | None = None) -> EventList:
    """The log of the schema that the actor is in. Raises ForbiddenError."""
    return EventList(actor, filters or Filters())


def history_of(actor: Actor, label: str, key: object, limit: int = 50) -> list[AuditEvent]:
    """The newest events about one object, for a panel on its page."""
    return visible_events(actor, Filters(object_type=label, object_id=str(key)))[:limit]


def _before(position: Position, rank: int) -> Q:
    """Rows of one table that are older than a position, in words that its time index understands."""
    if rank == position.rank:
        return Q(timestamp__lte=position.timestamp) & ~Q(timestamp=position.timestamp, id__gte=position.key)
    if rank < position.rank:
        return Q(timestamp__lte=position.timestamp)
    return Q(timestamp__lt=position.timestamp)


def _after(position: Position, rank: int) -> Q:
    if rank == position.rank:
        return Q(timestamp__gte=position.timestamp) & ~Q(timestamp=position.timestamp, id__lte=position.key)
    if rank > position.rank:
        return Q(timestamp__gte=position.timestamp)
    return Q(timestamp__gt=position.timestamp)


def _common(filters: Filters, request_column: str) -> Q:
    condition = Q()
    if filters.since:
        condition &= Q(timestamp__gte=filters.since)
    if filters.until:
        condition &= Q(timestamp__lt=filters.until)
    if filters.request_id:
        condition &= Q(**{request_column: filters.request_id})
    if filters.object_id:
        condition &= Q(object_pk=filters.object_id)
    if filters.actor.isdigit():
        condition &= Q(actor_id=min(int(filters.actor), 2**63 - 1))
    elif "@" in filters.actor:
        condition &= Q(actor_email__iexact=filters.actor)
    elif filters.actor:
        condition &= Q(additional_data__label=filters.actor) | Q(
            actor_id=None, additional_data__label__isnull=True, additional_data__role=filters.actor
        )
    return condition


def _filtered_entries(filters: Filters) -> QuerySet[AuditEntry]:
    rows: QuerySet[AuditEntry] = AuditEntry.objects.filter(_common(filters, "cid")).order_by(
        "-timestamp", "-id"
    )
    if filters.action:
        if filters.action not in _NUMBERS:
            return rows.none()
        rows = rows.filter(action=_NUMBERS[filters.action])
    if filters.object_type:
        if not _LABEL.match(filters.object_type):
            return rows.none()
        rows = rows.filter(content_type_id=content_type_id(*filters.object_type.split(".")))
    if filters.text:
        rows = rows.annotate(_text=Cast("changes", TextField())).filter(
            Q(object_repr__icontains=filters.text)
            | Q(actor_email__icontains=filters.text)
            | Q(additional_data__label__icontains=filters.text)
            | Q(_text__icontains=_as_json(filters.text))
        )
    return rows


def _filtered_events(filters: Filters) -> QuerySet[AuditLog]:
    rows = AuditLog.objects.filter(_common(filters, "request_id")).order_by("-timestamp", "-id")
    if filters.action:
        rows = rows.filter(action=filters.action)
    if filters.object_type:
        rows = rows.filter(object_type=filters.object_type)
    if filters.text:
        rows = rows.annotate(_text=Cast("details", TextField())).filter(
            Q(action__icontains=filters.text)
            | Q(object_pk__icontains=filters.text)
            | Q(actor_email__icontains=filters.text)
            | Q(additional_data__label__icontains=filters.text)
            | Q(_text__icontains=_as_json(filters.text))
        )
    return rows


def _as_json(text: str) -> str:
    """A text as it stands inside a JSON document."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _who(actor_id: int | None, email: str | None, additional: dict[str, Any] | None) -> Who:
    more = additional or {}
    return Who(actor_id, email or "", more.get("label", ""), more.get("role", ""), more.get("impersonator"))


def _from_entry(row: tuple[Any, ...]) -> AuditEvent:
    (key, timestamp, action, actor_id, email, type_id, object_pk, object_repr, changes, request_id,
     address, additional) = row  # fmt: skip
    return AuditEvent(
        id=f"change-{key}",
        kind="change",
        timestamp=timestamp,
        action=ACTIONS[action],
        actor=_who(actor_id, email, additional),
        object_type=labels().get(type_id) or object_repr.partition(":")[0],
        object_id=object_pk,
        changes=changes or {},
        details={},
        target_id=None,
        request_id=request_id or "",
        remote_addr=address or "",
        reason=(additional or {}).get("reason", ""),
        position=Position(timestamp, _CHANGE, key),
    )


def _from_event(row: tuple[Any, ...]) -> AuditEvent:
    (key, timestamp, action, actor_id, email, object_type, object_pk, details, target_id, request_id,
     address, additional) = row  # fmt: skip
    return AuditEvent(
        id=f"event-{key}",
        kind="event",
        timestamp=timestamp,
        action=action,
        actor=_who(actor_id, email, additional),
        object_type=object_type,
        object_id=object_pk,
        changes={},
        details=details,
        target_id=target_id,
        request_id=request_id,
        remote_addr=address or "",
        reason=(additional or {}).get("reason", ""),
        position=Position(timestamp, _EVENT, key),
    )


def events_of_person(user_id: int) -> Sections:
    """What a person did or had done to them where we are, for "download my data"."""
    mine = AuditLog.objects.filter(Q(actor_id=user_id) | Q(target_id=user_id))
    yield "events", rows_in_pieces(mine)
