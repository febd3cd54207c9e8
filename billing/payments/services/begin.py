"""Steps by which apps above have money moved. What they write commits with the caller's transaction; then
``calls`` asks the providers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from billing.payments import queries, rules
from billing.payments.events import PaymentBegun, PayoutBegun, RefundBegun
from billing.payments.models import (
    Payment,
    PaymentGatewayConfig,
    Payout,
    Purpose,
    Refund,
    SavedMethod,
    money_of,
)
from billing.payments.providers.base import Capability, ProviderType, provider_type
from shared_apps.core import crypto
from shared_apps.core.background import enqueue
from shared_apps.core.context import PUBLIC, SchemaRef, platform_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.core.ids import uuid7
from shared_apps.core.locking import lock_one
from shared_apps.core.money import Money
from shared_apps.tenants.models import Tenant

from .frames import (
    Seen,
    facts,
    new_label,
    require_transaction,
    same_or_conflict,
    tell,
    tenant_row,
    whole_units,
    write_log,
)

DESTINATION: Final = "payments.destination"
_COMMAND: Final = Seen(source="command")


def begin_payment(
    *,
    tenant: SchemaRef | None,
    configuration_id: UUID,
    purpose: str,
    reference: str,
    user_id: int | None,
    money: Money,
    description: str,
    return_url: str,
    key: str,
    saved_method_id: UUID | None = None,
    save_method: bool = False,
    surface: str = "page",
    retry_of: UUID | None = None,
) -> Payment:
    """Have somebody pay. A step; the page ``/pay/{id}/`` or ``start_payment`` goes on from here.

    ``key`` names the business attempt: the same key answers with the first payment, after a decline give a
    new one. With ``saved_method_id`` the provider is asked at once, without the payer. ``return_url`` is the
    way back, on the payer's host. Raises NotFoundError, DomainError (``payments.currency``,
    ``payments.too_precise``, ``payments.not_positive``, ``payments.disabled``), ConflictError
    (``payments.key_reused``).
    """
    require_transaction()
    with platform_context():
        owner = tenant_row(tenant)
        configuration = _usable(configuration_id, owner)
        minor_units = whole_units(configuration, money)
        if saved_method_id is not None:
            _require_method(saved_method_id, configuration, user_id)
        payment_id = uuid7()
        payment = Payment(
            id=payment_id,
            tenant=owner,
            configuration=configuration,
            provider=configuration.provider,
            is_simulated=configuration.is_simulated,
            currency=money.currency,
            minor_units=minor_units,
            purpose=purpose,
            reference=reference,
            user_id=user_id,
            description=description[:200],
            return_url=return_url,
            surface=surface,
            key=key,
            attempt_key=str(payment_id),
            retry_of_id=retry_of,
            saved_method_id=saved_method_id,
            save_method=save_method,
            label=new_label(),
        )
        try:
            with transaction.atomic():
                payment.save(force_insert=True)
        except IntegrityError:
            return _known_payment(payment)
        write_log("payment", payment, seen=_COMMAND, what="begun", after=payment.state)
        if saved_method_id is not None:
            enqueue("payments.start_payment", payment_id=payment.pk)
        tell(payment, PaymentBegun(payment_id=payment.pk, minor_units=minor_units, **facts(payment)))
    return payment


def _known_payment(wanted: Payment) -> Payment:
    known: Payment | None = Payment.objects.filter(tenant=wanted.tenant, key=wanted.key).first()
    if known is None:
        raise RuntimeError(f"a payment could be neither written nor found: {wanted.key}")
    same_or_conflict(
        known,
        configuration_id=wanted.configuration_id,
        purpose=wanted.purpose,
        reference=wanted.reference,
        user_id=wanted.user_id,
        currency=wanted.currency,
        minor_units=wanted.minor_units,
    )
    return known


def begin_again(*, payment_id: UUID, key: str) -> Payment:
    """Try a payment again that failed or was cancelled: a new attempt with a key of its own. A step.

    A deposit is not: a new one is asked for its limits. Raises NotFoundError, ConflictError
    (``payments.not_repeatable``).
    """
    require_transaction()
    with platform_context():
        first: Payment | None = Payment.objects.select_related("tenant").filter(pk=payment_id).first()
        if first is None:
            raise NotFoundError("payments.unknown", _("There is no such payment."))
        if first.state not in rules.REPEATABLE:
            raise ConflictError("payments.not_repeatable", _("This payment has not failed."))
        if first.purpose == Purpose.DEPOSIT:
            raise ConflictError("payments.not_repeatable", _("Begin a new deposit in your wallet instead."))
        return begin_payment(
            tenant=first.tenant,
            configuration_id=first.configuration_id,
            purpose=first.purpose,
            reference=first.reference,
            user_id=first.user_id,
            money=first.money,
            description=first.description,
            return_url=first.return_url,
            key=key,
            save_method=first.save_method,
            surface=first.surface,
            retry_of=first.pk,
        )


def _usable(configuration_id: UUID, owner: Tenant | None) -> PaymentGatewayConfig:
    row = queries.configuration_for(configuration_id, owner.pk if owner else None)
    schema = PUBLIC if row.tenant_id is None or owner is None else owner.schema_name
    if not row.is_enabled or not queries.is_on(row.provider, schema):
        raise DomainError(
            "payments.disabled", _("%(name)s is switched off.") % {"name": row.name}, field="configuration"
        )
    return row


def _require_method(method_id: UUID, configuration: PaymentGatewayConfig, user_id: int | None) -> None:
    whose = Q(user__isnull=True) if user_id is None else Q(user_id=user_id)
    known = SavedMethod.objects.filter(whose, pk=method_id, configuration=configuration, is_active=True)
    if not known.exists():
        raise NotFoundError("payments.no_method", _("There is no such saved method."))


def begin_refund(
    *, payment_id: UUID, minor_units: int, reason: str, key: str, requested_by: int | None = None
) -> Refund:
    """Give a payment back, wholly or in part; sent by the worker. A step, idempotent by ``key``.

    What is being refunded counts at once, so that two refunds cannot exceed the payment. Raises
    NotFoundError, ConflictError (``payments.not_paid``), DomainError (``payments.over_refund``,
    ``payments.not_positive``, ``payments.cannot_refund``).
    """
    require_transaction()
    with platform_context():
        payment: Payment | None = lock_one(Payment.objects.select_related("tenant").filter(pk=payment_id))
        if payment is None:
            raise NotFoundError("payments.unknown", _("There is no such payment."))
        known = Refund.objects.filter(payment=payment, key=key).first()
        if known is not None:
            same_or_conflict(known, minor_units=minor_units)
            return known
        _require_refundable(payment, minor_units)
        refund_id = uuid7()
        refund = Refund.objects.create(
            id=refund_id,
            tenant=payment.tenant,
            configuration_id=payment.configuration_id,
            payment=payment,
            provider=payment.provider,
            is_simulated=payment.is_simulated,
            currency=payment.currency,
            minor_units=minor_units,
            reason=reason[:200],
            key=key,
            attempt_key=str(refund_id),
            requested_by_id=requested_by,
        )
        payment.refunded_minor_units += minor_units
        payment.save(update_fields=["refunded_minor_units"])
        write_log("refund", refund, seen=_COMMAND, what="begun", after=refund.state)
        enqueue("payments.send_refund", refund_id=refund.pk)
        tell(
            payment,
            RefundBegun(
                payment_id=payment.pk,
                refund_id=refund.pk,
                user_id=payment.user_id,
                currency=payment.currency,
                minor_units=minor_units,
                reason=refund.reason,
            ),
        )
    return refund


def _require_refundable(payment: Payment, minor_units: int) -> None:
    if payment.state != Payment.State.SUCCEEDED:
        raise ConflictError("payments.not_paid", _("Only what was paid can be refunded."))
    can = provider_type(payment.provider).capabilities
    if Capability.REFUND not in can or (
        Capability.PARTIAL_REFUND not in can and minor_units != payment.received_minor_units
    ):
        raise DomainError("payments.cannot_refund", _("This provider cannot refund that."), field="amount")
    fault = rules.refund_fault(
        paid=payment.received_minor_units, refunded=payment.refunded_minor_units, wanted=minor_units
    )
    if fault == "not_positive":
        raise DomainError("payments.not_positive", _("The amount must be greater than zero."), field="amount")
    if fault == "too_much":
        left = money_of(payment.received_minor_units - payment.refunded_minor_units, payment.currency)
        text = _("At most %(left)s can still be refunded.") % {"left": left}
        raise DomainError(
            "payments.over_refund",
            text,
            field="amount",
            details={"amount": [text], "refundable": left.as_json()},
        )


def begin_payout(
    *,
    tenant: SchemaRef | None,
    configuration_id: UUID,
    purpose: str,
    reference: str,
    destination: Mapping[str, str],
    money: Money,
    key: str,
    user_id: int | None = None,
) -> Payout:
    """Send money to somebody's account elsewhere; sent by the worker. A step, idempotent by ``key``.

    Raises DomainError naming a field of the destination, besides what ``begin_payment`` raises.
    """
    require_transaction()
    with platform_context():
        owner = tenant_row(tenant)
        configuration = _usable(configuration_id, owner)
        minor_units = whole_units(configuration, money)
        checked, shown = check_destination(provider_type(configuration.provider), destination)
        payout_id = uuid7()
        payout = Payout(
            id=payout_id,
            tenant=owner,
            configuration=configuration,
            provider=configuration.provider,
            is_simulated=configuration.is_simulated,
            currency=money.currency,
            minor_units=minor_units,
            purpose=purpose,
            reference=reference,
            user_id=user_id,
            key=key,
            attempt_key=str(payout_id),
            destination=crypto.seal(json.dumps(checked), purpose=DESTINATION, row=payout_id),
            destination_shown=shown,
            label=new_label(),
        )
        try:
            with transaction.atomic():
                payout.save(force_insert=True)
        except IntegrityError:
            return _known_payout(payout)
        write_log("payout", payout, seen=_COMMAND, what="begun", after=payout.state)
        enqueue("payments.send_payout", payout_id=payout.pk)
        tell(payout, PayoutBegun(payout_id=payout.pk, minor_units=minor_units, **facts(payout)))
    return payout


def check_destination(kind: ProviderType, destination: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """A payout's destination as it is kept, and what may be shown of it. Raises DomainError."""
    if Capability.PAYOUT not in kind.capabilities or kind.check_destination is None:
        raise DomainError("payments.cannot_pay_out", _("%(name)s sends no money out.") % {"name": kind.label})
    return kind.check_destination(destination)


def _known_payout(wanted: Payout) -> Payout:
    known: Payout | None = Payout.objects.filter(tenant=wanted.tenant, key=wanted.key).first()
    if known is None:
        raise RuntimeError(f"a payout could be neither written nor found: {wanted.key}")
    same_or_conflict(
        known,
        configuration_id=wanted.configuration_id,
        purpose=wanted.purpose,
        reference=wanted.reference,
        currency=wanted.currency,
        minor_units=wanted.minor_units,
        destination_shown=wanted.destination_shown,
    )
    return known
