"""Accounts at providers: connected to, configured, tried."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.conf import settings as django_settings
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.payments import queries
from billing.payments.events import GatewayConfigured
from billing.payments.models import PaymentGatewayConfig
from billing.payments.providers.base import (
    Account,
    Provider,
    ProviderError,
    ProviderType,
    provider_type,
    provider_types,
)
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core import crypto
from shared_apps.core.context import PUBLIC, Schema, platform_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.core.locking import lock_one
from shared_apps.core.money import MINOR_DIGITS
from shared_apps.tenants.models import Tenant

from .frames import tell, tenant_row, unit

SECRETS: Final = "payments.gateway_secrets"
_LONGEST: Final = 2000


def connect(configuration: PaymentGatewayConfig) -> Provider:
    """The provider of an account, with its keys; in the platform role."""
    return provider_type(configuration.provider).build(_account(configuration))


def connect_to(configuration_id: UUID) -> Provider:
    """The same by its number. Raises NotFoundError."""
    with platform_context():
        row = PaymentGatewayConfig.objects.filter(pk=configuration_id).first()
        if row is None:
            raise NotFoundError("payments.no_configuration", _("There is no such payment provider here."))
        return connect(row)


def _account(row: PaymentGatewayConfig) -> Account:
    sealed = row.secrets
    return Account(
        configuration_id=row.pk,
        is_simulated=row.is_simulated,
        secrets=json.loads(crypto.unseal(sealed, purpose=SECRETS, row=row.pk)) if sealed else {},
        settings=row.settings,
        currencies=tuple(row.currencies),
    )


def offered_types(schema: str) -> list[ProviderType]:
    """Providers that may be configured by a tenant, or for ``public`` by the platform's staff."""
    return [kind for kind in provider_types() if queries.is_on(kind.name, schema)]


def save_configuration(
    *,
    actor: Actor,
    configuration_id: UUID | None,
    provider: str,
    name: str,
    values: Mapping[str, str],
    currencies: list[str],
    is_simulated: bool,
) -> PaymentGatewayConfig:
    """Make or change an account where the actor stands: an organisation's own, or the platform's.

    ``values`` are the provider's fields; an empty secret keeps the stored one. A new one is switched off.
    Raises StepUpRequired, NotFoundError, ConflictError, DomainError naming the field.
    """
    require(actor, "payments.manage_gateway")
    require_recent(actor)
    kind = _kind(provider, actor.tenant_schema)
    name = name.strip()
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise DomainError("payments.name", _("Give a name of 1 to 80 characters."), field="name")
    _check_currencies(kind, currencies)
    try:
        with unit():
            owner = tenant_row(None if actor.on_platform else Schema(actor.tenant_schema))
            row = _own_row(configuration_id, owner) if configuration_id else None
            if row is not None and row.provider != provider:
                raise DomainError("payments.provider", _("The provider cannot change."), field="provider")
            row = row or PaymentGatewayConfig(tenant=owner, provider=provider)
            changed = _take(row, kind, name, values, currencies, is_simulated)
            row.save()
            _tell(row, changed)
    except IntegrityError:
        raise ConflictError(
            "payments.name_taken", _("There is one of this name already."), field="name"
        ) from None
    return row


def _take(
    row: PaymentGatewayConfig,
    kind: ProviderType,
    name: str,
    values: Mapping[str, str],
    currencies: list[str],
    is_simulated: bool,
) -> tuple[str, ...]:
    before = (row.name, row.settings, list(row.currencies), row.is_simulated)
    stored = dict(_account(row).secrets) if row.secrets else {}
    given = {field.name: str(values.get(field.name, "")).strip() for field in kind.fields}
    for field in kind.fields:
        if len(given[field.name]) > _LONGEST:
            raise DomainError("payments.value", _("This is too long."), field=field.name)
        if field.is_required and not given[field.name] and not (field.is_secret and field.name in stored):
            raise DomainError("payments.value", _("This is needed."), field=field.name)
    secrets = stored | {f.name: given[f.name] for f in kind.fields if f.is_secret and given[f.name]}
    settings = {f.name: given[f.name] for f in kind.fields if not f.is_secret}
    kind.check_settings({**settings, **secrets})
    row.name, row.settings, row.currencies, row.is_simulated = name, settings, currencies, is_simulated
    after = (row.name, row.settings, list(row.currencies), row.is_simulated)
    names = ("name", "settings", "currencies", "is_simulated")
    changed = [field for field, old, new in zip(names, before, after, strict=True) if old != new]
    if secrets != stored:
        row.secrets = crypto.seal(json.dumps(secrets), purpose=SECRETS, row=row.pk)
        changed.append("secrets")
    return tuple(changed)


def _kind(provider: str, schema: str) -> ProviderType:
    kind = next((kind for kind in offered_types(schema) if kind.name == provider), None)
    if kind is None:
        raise DomainError("payments.provider", _("This provider is not in operation."), field="provider")
    return kind


def _check_currencies(kind: ProviderType, currencies: list[str]) -> None:
    wrong = [each for each in currencies if each not in MINOR_DIGITS or each not in kind.currencies]
    if wrong or not currencies or len(set(currencies)) != len(currencies):
        raise DomainError(
            "payments.currencies",
            _("Choose from: %(known)s.") % {"known": ", ".join(kind.currencies)},
            field="currencies",
        )


def _own_row(configuration_id: UUID, owner: Tenant | None) -> PaymentGatewayConfig:
    row: PaymentGatewayConfig | None = lock_one(
        PaymentGatewayConfig.objects.filter(pk=configuration_id, tenant=owner)
    )
    if row is None:
        raise NotFoundError("payments.no_configuration", _("There is no such payment provider here."))
    return row


def _tell(row: PaymentGatewayConfig, changed: tuple[str, ...]) -> None:
    tell(
        row,
        GatewayConfigured(
            configuration_id=row.pk, provider=row.provider, is_enabled=row.is_enabled, changed=changed
        ),
    )


def switch_configuration(*, actor: Actor, configuration_id: UUID, is_enabled: bool) -> PaymentGatewayConfig:
    """Let an account take new payments, or stop it; what is under way is followed to its end.

    Raises StepUpRequired, NotFoundError, ConflictError ``payments.untested``.
    """
    require(actor, "payments.manage_gateway")
    require_recent(actor)
    with unit():
        owner = tenant_row(None if actor.on_platform else Schema(actor.tenant_schema))
        row = _own_row(configuration_id, owner)
        if is_enabled and (row.checked_at is None or row.check_problem):
            raise ConflictError("payments.untested", _("Test the connection first."))
        row.is_enabled = is_enabled
        row.save(update_fields=["is_enabled"])
        _tell(row, ("is_enabled",))
    return row


def check_configuration(*, actor: Actor, configuration_id: UUID) -> PaymentGatewayConfig:
    """Ask the provider who we are, and keep what it says. Raises NotFoundError."""
    require(actor, "payments.manage_gateway")
    with platform_context():
        owner = tenant_row(None if actor.on_platform else Schema(actor.tenant_schema))
        found = PaymentGatewayConfig.objects.filter(pk=configuration_id, tenant=owner).first()
        if found is None:
            raise NotFoundError("payments.no_configuration", _("There is no such payment provider here."))
        provider = connect(found)
    account, problem = "", ""
    try:
        account = provider.check()
    except ProviderError as error:
        problem = f"{error.code} {error.message}".strip()
    with unit():
        row = _own_row(configuration_id, owner)
        row.checked_at, row.check_problem = timezone.now(), problem[:300]
        if not problem:
            row.account = account[:120]
        row.save(update_fields=["checked_at", "check_problem", "account"])
        _tell(row, ("checked_at",))
    return row


def add_configuration(
    *,
    tenant: Tenant | None,
    provider: str,
    name: str,
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
    currencies: list[str],
    is_simulated: bool,
    is_enabled: bool = True,
) -> PaymentGatewayConfig:
    """Make an account ready to use: for demonstrations and set-up by code. A step, in the platform role."""
    row = PaymentGatewayConfig(
        tenant=tenant,
        provider=provider,
        name=name,
        settings=dict(settings),
        currencies=currencies,
        is_simulated=is_simulated,
        is_enabled=is_enabled,
        checked_at=timezone.now(),
    )
    if secrets:
        row.secrets = crypto.seal(json.dumps(dict(secrets)), purpose=SECRETS, row=row.pk, schema=PUBLIC)
    row.save(force_insert=True)
    _tell(row, ("name", "settings", "currencies", "secrets"))
    return row


def webhook_address(row: PaymentGatewayConfig, *, is_secure: bool, port: str) -> str:
    """Where a provider sends its notifications of an account: on the platform's host."""
    shown = f":{port}" if django_settings.HOST_KEEPS_PORT and port not in ("80", "443") else ""
    scheme = "https" if is_secure else "http"
    path = f"/api/v1/payments/webhooks/{row.provider}/{row.pk}/"
    return f"{scheme}://{django_settings.BASE_DOMAIN}{shown}{path}"
