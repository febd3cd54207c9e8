"""What every write to payments shares: where it runs, what it writes down, how it is told."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.payments import rules
from billing.payments.models import (
    ExternalObject,
    Followed,
    Payment,
    PaymentGatewayConfig,
    PaymentLog,
    WebhookDelivery,
)
from shared_apps.core.context import SchemaRef, platform_context
from shared_apps.core.errors import ConflictError, DomainError
from shared_apps.core.events import Event, emit
from shared_apps.core.money import Money
from shared_apps.tenants.models import Tenant
from shared_apps.users.hosts import inside

#: How long one worker may ask a provider about one object before another may.
LEASE: Final = timedelta(seconds=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """How we came to know something: for the journal."""

    source: str
    payload_hash: str = ""
    signature: str = ""
    attempts: int = 0

    @classmethod
    def by_webhook(cls, delivery: WebhookDelivery, source: str = "webhook") -> Seen:
        """By a notification."""
        return cls(
            source=source,
            payload_hash=delivery.payload_hash,
            signature=delivery.signature,
            attempts=delivery.attempts,
        )


@contextmanager
def unit() -> Iterator[None]:
    """One durable transaction in the platform role. An audit actor must be bound."""
    with platform_context(), transaction.atomic(durable=True):
        yield


def require_transaction() -> None:
    """For steps."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("this is a step: call it in the caller's transaction")


def refuse_transaction() -> None:
    """For what asks a provider: no network call holds a transaction open (the test case's own apart)."""
    blocks: list[Any] = transaction.get_connection().atomic_blocks
    if any(not block._from_testcase for block in blocks):
        raise transaction.TransactionManagementError("a provider is asked outside of transactions")


def tenant_row(tenant: SchemaRef | None) -> Tenant | None:
    """The tenant behind a schema; in the platform role."""
    return None if tenant is None else Tenant.objects.get(schema_name=tenant.schema_name)


def tell(row: Any, event: Event) -> None:
    """Emit an event inside the row's tenant, in the running transaction."""
    with inside(row.tenant):
        emit(event)


def facts(row: Any) -> dict[str, Any]:
    """What every event about a payment or payout says."""
    return {
        "purpose": row.purpose,
        "reference": row.reference,
        "provider": row.provider,
        "configuration_id": row.configuration_id,
        "user_id": row.user_id,
        "currency": row.currency,
    }


def write_log(
    kind: str,
    row: Followed,
    *,
    seen: Seen,
    what: str,
    before: str = "",
    after: str = "",
    note: str = "",
) -> None:
    """One line of the journal."""
    payment_id = row.pk if isinstance(row, Payment) else getattr(row, "payment_id", None)
    PaymentLog.objects.create(
        tenant_id=row.tenant_id,
        configuration_id=row.configuration_id,
        payment_id=payment_id,
        object_kind=kind,
        object_id=row.pk,
        source=seen.source,
        what=what,
        from_state=before,
        to_state=after,
        payload_hash=seen.payload_hash,
        signature=seen.signature,
        attempts=seen.attempts,
        note=note[:300],
    )


def route(row: Followed, kind: str, external_id: str) -> None:
    """Note whose an object at the provider is."""
    ExternalObject.objects.bulk_create(
        [
            ExternalObject(
                tenant_id=row.tenant_id,
                configuration_id=row.configuration_id,
                kind=kind,
                external_id=external_id,
                target_id=row.pk,
            )
        ],
        ignore_conflicts=True,
    )


def new_label() -> str:
    """A number that people read, type and find a bank transfer by."""
    return rules.creditor_reference("".join(secrets.choice(rules.REFERENCE_ALPHABET) for _each in range(12)))


def whole_units(configuration: PaymentGatewayConfig, money: Money) -> int:
    """Minor units of an amount that this account may move. Raises DomainError naming the field."""
    if money.currency not in configuration.currencies:
        raise DomainError(
            "payments.currency",
            _("%(name)s does not take %(currency)s.")
            % {"name": configuration.name, "currency": money.currency},
            field="currency",
        )
    try:
        minor_units = money.minor_units()
    except ValueError:
        raise DomainError(
            "payments.too_precise",
            _("%(currency)s has at most %(digits)d digits after the point.")
            % {"currency": money.currency, "digits": money.digits},
            field="amount",
        ) from None
    if minor_units <= 0:
        raise DomainError("payments.not_positive", _("The amount must be greater than zero."), field="amount")
    if minor_units >= 10**30:
        raise DomainError("payments.too_much", _("This amount is too large."), field="amount")
    return minor_units


def same_or_conflict(row: models.Model, **wanted: Any) -> None:
    """Raise ConflictError where a key was used for something else."""
    if any(getattr(row, name) != value for name, value in wanted.items()):
        raise ConflictError("payments.key_reused", _("This key was used for something else."), field="key")


def lease(row: Followed, now: datetime) -> bool:
    """Whether this caller may ask the provider about a locked row now; if so nobody else for a while."""
    if row.leased_until is not None and row.leased_until > now:
        return False
    row.leased_until = now + LEASE
    row.asked_at = now
    return True


def give_back(model: type[Followed], pk: UUID) -> None:
    """End a lease early: the provider could not be reached at all."""
    with unit():
        model._default_manager.filter(pk=pk).update(leased_until=None)


def ended(row: Followed) -> None:
    """Write down when it ended, once."""
    if row.ended_at is None:
        row.ended_at = timezone.now()
