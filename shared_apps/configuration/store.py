"""The resolver of options: what was changed for a schema, kept in the process (core.kept).

A change made in this process shows at once, one of another process within five seconds: so often one query
asks whether the history of changes has grown, for all tenants together. When the database does not answer,
what was known last holds, or the defaults. Not for asynchronous code.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.db import transaction
from django.db.models import Count, Max, Q

from shared_apps.core import options
from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.core.errors import DomainError
from shared_apps.core.kept import Kept
from shared_apps.core.options import Flag, Option, Scope

from . import rules
from .models import Level, OptionChange, OptionValue
from .plans import plan_of

logger = logging.getLogger(__name__)

#: What no history tells (a tenant moved to another plan) shows within so long.
LONGEST_SECONDS = 60.0
_SCOPES = {Level.PLATFORM: Scope.PLATFORM, Level.PLAN: Scope.PLAN, Level.TENANT: Scope.TENANT}


def changed_values(schema: str) -> Mapping[str, Any]:
    """What is not at its default for the tenant with this schema; core.options asks it for every value."""
    return _kept.get(schema)


def _history() -> tuple[int, int]:
    """How far the history goes. Its ids are not in order of commits, so its length counts too."""
    with platform_context():
        found = OptionChange.objects.aggregate(number=Count("pk"), last=Max("pk"))
    return (found["number"], found["last"] or 0)


def forget(schema: str | None = None) -> None:
    """Drop one tenant's options, or everybody's, now and after the commit of a running transaction."""
    _kept.forget(schema)
    if transaction.get_connection().in_atomic_block:
        transaction.on_commit(lambda: _kept.forget(schema))


def _load(schema: str) -> Mapping[str, Any]:
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
    return MappingProxyType(values)


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


def _last_known(last: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return MappingProxyType({}) if last is None else last


_kept: Kept[Mapping[str, Any]] = Kept(
    "options", version=_history, load=_load, longest=LONGEST_SECONDS, when_away=_last_known
)
