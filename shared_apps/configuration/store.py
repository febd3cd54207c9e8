"""The resolver of options: what was changed for a schema, kept in the process for a few seconds.

As with hosts (tenants.hosts): a change made in this process shows at once, one of another process within
``TTL_SECONDS``: so often one query asks whether the history of changes has grown, for all tenants together.
When the database does not answer, what was known last holds. Not for asynchronous code.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Count, Max, Q

from shared_apps.core import options
from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.core.errors import DomainError
from shared_apps.core.options import Flag, Option, Scope

from . import rules
from .models import Level, OptionChange, OptionValue
from .plans import plan_of

logger = logging.getLogger(__name__)

TTL_SECONDS = 5.0
#: What no history tells (a tenant moved to another plan) shows within so long.
LONGEST_SECONDS = 60.0
_RETRY_SECONDS = 1.0
_MAX_ENTRIES = 10_000
_SCOPES = {Level.PLATFORM: Scope.PLATFORM, Level.PLAN: Scope.PLAN, Level.TENANT: Scope.TENANT}


@dataclass(frozen=True, slots=True)
class _Entry:
    values: Mapping[str, Any]
    expires: float
    #: How many changes there were when it was read; with another number it is read again.
    seen: tuple[int, int] | None


_cache: dict[str, _Entry] = {}
_lock = threading.Lock()


class _Seen:
    """How many changes there were when the database was last asked, and when to ask again."""

    changes: tuple[int, int] | None = None
    ask_at = 0.0


def changed_values(schema: str) -> Mapping[str, Any]:
    """What is not at its default for the tenant with this schema; core.options asks it for every value."""
    now = time.monotonic()
    if _Seen.ask_at <= now:
        _look_for_changes(now)
    entry = _cache.get(schema)
    if entry is None or entry.expires <= now or entry.seen != _Seen.changes:
        seen = _Seen.changes
        try:
            entry = _Entry(MappingProxyType(_load(schema)), now + LONGEST_SECONDS, seen)
        except DatabaseError as error:
            logger.warning("options were not read", extra={"schema": schema, "reason": type(error).__name__})
            entry = _Entry({} if entry is None else entry.values, now + _RETRY_SECONDS, seen)
        with _lock:
            if len(_cache) >= _MAX_ENTRIES:
                _cache.clear()
            _cache[schema] = entry
    return entry.values


def _look_for_changes(now: float) -> None:
    """See whether the history has grown. Its ids are not in order of commits, so its length counts too."""
    _Seen.ask_at = now + TTL_SECONDS
    try:
        with platform_context():
            found = OptionChange.objects.aggregate(number=Count("pk"), last=Max("pk"))
    except DatabaseError as error:
        logger.warning("changes of options were not read", extra={"reason": type(error).__name__})
        _Seen.ask_at = now + _RETRY_SECONDS
        return
    _Seen.changes = (found["number"], found["last"] or 0)


def forget(schema: str | None = None) -> None:
    """Drop one tenant's options, or everybody's, now and after the commit of a running transaction."""
    _drop(schema)
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(lambda: _drop(schema))


def _drop(schema: str | None) -> None:
    with _lock:
        if schema is None:
            _cache.clear()
        else:
            _cache.pop(schema, None)


def _load(schema: str) -> dict[str, Any]:
    places = Q(level=Level.PLATFORM)
    if schema != PUBLIC:
        places |= Q(level=Level.TENANT, tenant__schema_name=schema)
        if plan := plan_of(schema):
            places |= Q(level=Level.PLAN, plan=plan)
    with platform_context():
        rows = list(OptionValue.objects.filter(places).values_list("level", "option", "value"))
    order = [Level.PLATFORM, Level.PLAN, Level.TENANT]
    values: dict[str, Any] = {}
    for level, name, raw in sorted(rows, key=lambda row: order.index(Level(row[0]))):
        found = effective(level, name, raw, schema)
        if found is not None:
            values[name] = found
    return values


def effective(level: str, name: str, raw: object, schema: str) -> Any:
    """A stored value as the option's kind for a schema; None for one that no longer counts."""
    try:
        option: Option[Any] = options.get_option(name)
        if _SCOPES[Level(level)] > option.scope:
            return None
        if isinstance(option, Flag) and level == Level.PLATFORM:
            percent = rules.percentage(raw)
            if percent is not None:
                return rules.is_among(percent, name, schema)
        return option.parse(raw)
    except (KeyError, DomainError):
        # Of an older release: the option is gone, or its bounds have become narrower.
        logger.warning("a stored option does not count", extra={"option": name, "level": level})
        return None
