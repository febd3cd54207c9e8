"""What happened, said once: services emit typed events, apps above subscribe.

An event is emitted in the transaction of the change and its subscribers run in that transaction too: if one
of them fails, nothing happened. Work that can wait or fails by itself is enqueued by the subscriber.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from django.db import DEFAULT_DB_ALIAS, transaction

_NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\Z")


class Event:
    """Base of all events.

    ::

        @dataclass(frozen=True, kw_only=True)
        class RoleChanged(Event):
            name = "members.role_changed"
            member_id: UUID
    """

    name: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not _NAME.match(cls.name):
            raise TypeError(f"{cls.__qualname__}.name must look like app.what_happened, not {cls.name!r}")
        known = _EVENTS.setdefault(cls.name, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"{cls.name} is already the name of {known.__module__}.{known.__qualname__}")
        _EVENTS[cls.name] = cls

    def payload(self) -> dict[str, Any]:
        """The event's fields, for the audit log and for outgoing webhooks."""
        return {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)  # type: ignore[arg-type]  # subclasses are dataclasses
        }


E_co = TypeVar("E_co", bound=Event)
_EVENTS: dict[str, type[Event]] = {}
_SUBSCRIBERS: dict[type[Event], list[Callable[[Any], None]]] = {}


def subscribe(event_class: type[E_co], handler: Callable[[E_co], None]) -> None:
    """Call ``handler(event)`` for every event of a class; ``Event`` itself means all of them.

    Called in an app's ``ready()``. Subscribing twice is the same as once.
    """
    handlers = _SUBSCRIBERS.setdefault(event_class, [])
    if handler not in handlers:
        handlers.append(handler)


def emit(event: Event, *, using: str = DEFAULT_DB_ALIAS) -> None:
    """Tell the subscribers, now and in this transaction. Refuses to run outside one.

    Subscribers of the class come first, in order of subscription, then those of all events.
    ``using`` names the alias whose transaction it is (provisioning runs on ``owner``).
    """
    if not transaction.get_connection(using).in_atomic_block:
        raise transaction.TransactionManagementError(f"{event.name} was emitted outside a transaction")
    for event_class in type(event).__mro__:
        for handler in _SUBSCRIBERS.get(event_class, ()):
            handler(event)


def known_events() -> list[type[Event]]:
    """Every event class that has been imported, by name."""
    return [_EVENTS[name] for name in sorted(_EVENTS)]


def listeners() -> dict[str, list[str]]:
    """Every event's name with the dotted names of who listens; ``*`` holds those who hear all."""

    def dotted(event_class: type[Event]) -> list[str]:
        return [
            f"{handler.__module__}.{handler.__qualname__}" for handler in _SUBSCRIBERS.get(event_class, ())
        ]

    return {"*": dotted(Event)} | {name: dotted(_EVENTS[name]) for name in sorted(_EVENTS)}
