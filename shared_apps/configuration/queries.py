"""Reads of options with where their values come from, and of their history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import can, require
from shared_apps.core import options
from shared_apps.core.context import platform_context
from shared_apps.core.errors import NotFoundError
from shared_apps.core.options import Option, Scope
from shared_apps.tenants.models import Domain

from . import store
from .models import CustomDomain, Level, OptionChange, OptionValue
from .plans import plan_of

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """One option as a tenant's people see it. ``value`` is plain and was set at ``origin``."""

    option: Option[Any]
    value: Any
    inherited: Any
    origin: str
    may_change: bool
    changed_at: datetime | None = None
    changed_by: str = ""

    @property
    def name(self) -> str:
        return self.option.name

    @property
    def group(self) -> str:
        """The name of the app that owns the option, for people."""
        return str(apps.get_app_config(self.option.app).verbose_name)

    @property
    def is_changed(self) -> bool:
        """Whether the organisation itself has another value than it would inherit."""
        return self.origin == Level.TENANT


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an option's history; values are plain, None where a wider place counted."""

    changed_at: datetime
    changed_by: str
    level: str
    before: Any
    after: Any
    reason: str


def settings_of(actor: Actor, *, text: str = "") -> list[Setting]:
    """The options of scope TENANT for the actor's tenant, found by name or label, by group and name."""
    require(actor, "configuration.view_setting")
    wanted = text.strip().casefold()
    found = [
        option
        for option in options.all_options()
        if option.scope is Scope.TENANT
        and (not wanted or wanted in f"{option.name} {option.label} {option.help_text}".casefold())
    ]
    return sorted(_settings(actor, found), key=lambda setting: (setting.group.casefold(), setting.name))


def setting_of(actor: Actor, name: str) -> Setting:
    """One option of scope TENANT. Raises NotFoundError."""
    require(actor, "configuration.view_setting")
    return _settings(actor, [tenant_option(name)])[0]


def tenant_option(name: str) -> Option[Any]:
    """An option that an organisation may have its own value of. Raises NotFoundError."""
    try:
        option = options.get_option(name)
    except KeyError:
        option = None
    if option is None or option.scope is not Scope.TENANT:
        raise NotFoundError("option.unknown", _("There is no such setting."))
    return option


def history_of(actor: Actor, name: str, *, most: int = 50) -> list[Change]:
    """The latest changes of an option that concern the actor's tenant: its own and its platform's."""
    require(actor, "configuration.view_setting")
    option = tenant_option(name)
    with platform_context():
        rows = OptionChange.objects.select_related("changed_by").filter(
            Q(level=Level.TENANT, tenant__schema_name=actor.tenant_schema) | Q(level=Level.PLATFORM),
            option=option.name,
        )
        return [
            Change(
                row.changed_at,
                _who(row) if row.level == Level.TENANT else "",
                row.level,
                row.before,
                row.after,
                row.reason if row.level == Level.TENANT else "",
            )
            for row in rows[:most]
        ]


def _who(row: OptionChange | OptionValue) -> str:
    return row.changed_by.display_name if row.changed_by is not None else ""


def _settings(actor: Actor, wanted: Iterable[Option[Any]]) -> list[Setting]:
    schema = actor.tenant_schema
    plan = plan_of(schema)
    found = list(wanted)
    with platform_context():
        rows = list(
            OptionValue.objects.select_related("changed_by").filter(
                Q(level=Level.PLATFORM)
                | Q(level=Level.PLAN, plan=plan or None)
                | Q(level=Level.TENANT, tenant__schema_name=schema),
                option__in=[option.name for option in found],
            )
        )
    stored = {(row.option, row.level): row for row in rows}
    may_change = can(actor, "configuration.change_setting") is not None
    return [_setting(option, stored, schema, may_change) for option in found]


def _setting(
    option: Option[Any], stored: dict[tuple[str, str], OptionValue], schema: str, may_change: bool
) -> Setting:
    value, inherited, origin, changed = option.default, option.default, DEFAULT, None
    for level in (Level.PLATFORM, Level.PLAN, Level.TENANT):
        row = stored.get((option.name, level))
        known = store.effective(level, option.name, row.value, schema) if row is not None else None
        if known is None:
            continue
        value, origin, changed = known, level.value, row
        if level is not Level.TENANT:
            inherited = known
    own = changed is not None and origin == Level.TENANT
    return Setting(
        option=option,
        value=option.plain(value),
        inherited=option.plain(inherited),
        origin=origin,
        may_change=may_change and not option.staff_only,
        changed_at=changed.changed_at if changed is not None and own else None,
        changed_by=_who(changed) if changed is not None and own else "",
    )


@dataclass(frozen=True, slots=True)
class DomainList:
    """The hosts of an organisation: its subdomain, and what it claimed."""

    subdomain: str
    primary: str
    custom: list[CustomDomain]


def domains_of(actor: Actor) -> DomainList:
    """The actor's organisation's hosts."""
    require(actor, "configuration.view_domain")
    with platform_context():
        routes = list(Domain.objects.filter(tenant__schema_name=actor.tenant_schema))
        custom = list(CustomDomain.objects.filter(tenant__schema_name=actor.tenant_schema))
    claimed = {row.domain for row in custom}
    return DomainList(
        subdomain=next((route.domain for route in routes if route.domain not in claimed), ""),
        primary=next((route.domain for route in routes if route.is_primary), ""),
        custom=custom,
    )


def get_domain(actor: Actor, domain_id: UUID) -> CustomDomain:
    """One claimed domain. Raises NotFoundError."""
    require(actor, "configuration.view_domain")
    with platform_context():
        row = CustomDomain.objects.filter(pk=domain_id, tenant__schema_name=actor.tenant_schema).first()
    if row is None:
        raise NotFoundError("domain.unknown", _("There is no such domain."))
    return row
