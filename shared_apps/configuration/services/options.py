"""Every write to the options: the value, its history and its event in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.configuration import branding, queries, rules, store
from shared_apps.configuration.events import OptionChanged
from shared_apps.configuration.models import Level, OptionChange, OptionValue
from shared_apps.configuration.options import LOGO
from shared_apps.configuration.plans import all_plans
from shared_apps.core import options
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from shared_apps.core.options import Flag, Option, Scope
from shared_apps.tenants import hosts
from shared_apps.tenants.models import Tenant
from shared_apps.tenants.services import domains_of, rename_tenant
from shared_apps.users.hosts import inside

REASON_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Place:
    """Where an option is changed: the platform, one plan or one tenant."""

    level: Level
    plan: str = ""
    tenant: Tenant | None = None


PLATFORM_PLACE = Place(Level.PLATFORM)


def change_setting(*, actor: Actor, name: str, value: object, reason: str = "") -> None:
    """Give the actor's organisation its own value of an option.

    Raises NotFoundError, ForbiddenError ``option.staff_only``, DomainError naming ``value`` (``option.…``).
    """
    require(actor, "configuration.change_setting")
    option = _own_option(name)
    _write(actor, option, option.plain(option.parse(value)), _place_of(actor), reason)


def reset_setting(*, actor: Actor, name: str, reason: str = "") -> None:
    """Take the organisation's own value back: plan, platform or default count again."""
    require(actor, "configuration.change_setting")
    _write(actor, _own_option(name), None, _place_of(actor), reason)


def change_option(*, actor: Actor, name: str, value: object, place: Place, reason: str) -> None:
    """Give an option a value for the platform, a plan or a tenant (platform's staff).

    Of a :class:`Flag` the platform's value may be a percentage of tenants, ``"25%"``. Raises NotFoundError,
    DomainError naming ``value``, ``place`` or ``reason``.
    """
    require(actor, "configuration.change_option")
    option = _option_at(name, place)
    if isinstance(option, Flag) and place.level is Level.PLATFORM and rules.percentage(value) is not None:
        stored: Any = f"{rules.percentage(value)}%"
    else:
        stored = option.plain(option.parse(value))
    _write(actor, option, stored, place, _given(reason))


def reset_option(*, actor: Actor, name: str, place: Place, reason: str) -> None:
    """Take a value of the platform, a plan or a tenant back. Raises as :func:`change_option`."""
    require(actor, "configuration.change_option")
    _write(actor, _option_at(name, place), None, place, _given(reason))


def change_brand(
    *,
    actor: Actor,
    values: Mapping[Option[Any], object],
    name: str,
    logo: Any = None,
    remove_logo: bool = False,
) -> None:
    """Change the organisation's brand as a whole or not at all.

    ``values`` are options of :mod:`.options` with their new values, a default takes the own value back;
    ``name`` is the organisation's name; ``logo`` an uploaded file. Raises DomainError, whose details name the
    options without their app (``accent``), ``name`` and ``logo``.
    """
    require(actor, "configuration.change_setting")
    place = _place_of(actor)
    assert place.tenant is not None
    stored, faults = _parsed(values)
    if logo is not None:
        stored[LOGO] = _kept_logo(place, logo)
    elif remove_logo:
        stored[LOGO] = None
    if faults:
        raise DomainError("brand.invalid", _("Some values break a rule."), details=faults)
    try:
        with platform_context(), transaction.atomic(durable=True):
            rename_tenant(tenant_id=place.tenant.pk, name=name)
            for option, value in stored.items():
                _write_rows(actor, _where(option, place), value, place, "")
    except IntegrityError:
        raise ConflictError(
            "option.changed_meanwhile", _("Somebody changed this a moment ago; look again."), field="name"
        ) from None
    for domain in domains_of(place.tenant):
        hosts.forget(domain)


def change_logo(*, actor: Actor, logo: Any) -> None:
    """Set the organisation's logo, or take it away with None. Raises DomainError naming ``logo``."""
    require(actor, "configuration.change_setting")
    place = _place_of(actor)
    _write(actor, LOGO, None if logo is None else _kept_logo(place, logo), place, "")


def _kept_logo(place: Place, logo: Any) -> str:
    assert place.tenant is not None
    content = branding.small_logo(logo)
    with tenant_context(place.tenant):
        return branding.store_logo(content)


def _parsed(values: Mapping[Option[Any], object]) -> tuple[dict[Option[Any], Any], dict[str, Any]]:
    stored: dict[Option[Any], Any] = {}
    faults: dict[str, Any] = {}
    for option, raw in values.items():
        try:
            value = option.parse(raw)
        except DomainError as error:
            field = option.name.partition(".")[2]
            faults[field] = error.details.get("value", [error.message])
            if "suggestion" in error.details:
                faults[f"{field}_suggestion"] = error.details["suggestion"]
        else:
            stored[option] = None if value == option.default else option.plain(value)
    return stored, faults


def _own_option(name: str) -> Option[Any]:
    option = queries.tenant_option(name)
    if option.staff_only:
        raise ForbiddenError("option.staff_only", _("Only the platform's staff may change this."))
    return option


def _option_at(name: str, place: Place) -> Option[Any]:
    try:
        option = options.get_option(name)
    except KeyError:
        raise NotFoundError("option.unknown", _("There is no such setting.")) from None
    narrowest = {Level.PLATFORM: Scope.PLATFORM, Level.PLAN: Scope.PLAN, Level.TENANT: Scope.TENANT}
    if narrowest[place.level] > option.scope:
        raise DomainError("option.scope", _("This option cannot be changed there."), field="place")
    if place.level is Level.PLAN and place.plan not in all_plans():
        raise DomainError("option.unknown_plan", _("There is no such plan."), field="place")
    return option


def _given(reason: str) -> str:
    if not reason.strip():
        raise DomainError(
            "option.reason_missing", _("Say why: the reason is kept in the log."), field="reason"
        )
    return reason


def _place_of(actor: Actor) -> Place:
    with platform_context():
        tenant = Tenant.objects.filter(schema_name=actor.tenant_schema).first()
    if tenant is None:
        raise NotFoundError("tenant.unknown", _("There is no such organisation."))
    return Place(Level.TENANT, tenant=tenant)


def _write(actor: Actor, option: Option[Any], stored: Any, place: Place, reason: str) -> None:
    if option.is_critical:
        require_recent(actor)
    reason = reason.strip()
    if len(reason) > REASON_LENGTH or not reason.isprintable():
        raise DomainError(
            "option.reason_length",
            _("The reason must be one line of at most %(most)d characters.") % {"most": REASON_LENGTH},
            field="reason",
        )
    try:
        with platform_context(), transaction.atomic(durable=True):
            _write_rows(actor, _where(option, place), stored, place, reason)
    except IntegrityError:
        raise ConflictError(
            "option.changed_meanwhile", _("Somebody changed this a moment ago; look again."), field="value"
        ) from None


def _where(option: Option[Any], place: Place) -> dict[str, Any]:
    return {"option": option.name, "level": place.level, "plan": place.plan, "tenant": place.tenant}


def _write_rows(actor: Actor, where: dict[str, Any], stored: Any, place: Place, reason: str) -> None:
    row = lock_one(OptionValue.objects.filter(**where))
    before = row.value if row is not None else None
    if before == stored and type(before) is type(stored):
        return
    now = timezone.now()
    if row is not None and stored is None:
        row.delete()
    elif row is not None:
        row.value, row.changed_at, row.changed_by_id = stored, now, actor.user_id
        row.save(update_fields=["value", "changed_at", "changed_by"])
    else:
        OptionValue.objects.create(**where, value=stored, changed_at=now, changed_by_id=actor.user_id)
    OptionChange.objects.create(
        **where, before=before, after=stored, reason=reason, changed_at=now, changed_by_id=actor.user_id
    )
    with inside(place.tenant):
        emit(
            OptionChanged(
                option=str(where["option"]),
                level=place.level.value,
                plan=place.plan,
                tenant_id=place.tenant.pk if place.tenant is not None else None,
                before=before,
                after=stored,
                reason=reason,
            )
        )
    store.forget(place.tenant.schema_name if place.tenant is not None else None)
