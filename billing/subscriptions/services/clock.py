"""What moves the clock: the first data source, and money."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from billing.subscriptions import facts
from billing.subscriptions.events import ChargeFailed, ChargePaid, ClockStarted
from billing.subscriptions.models import Subscription, SubscriptionCharge, SubscriptionInfo
from billing.subscriptions.queries import open_contract
from billing.subscriptions.rules.clock import Basis, due_after_payment
from shared_apps.core.context import SchemaRef, platform_context

from .invoicing import have_invoiced
from .mailing import mail_subscriber
from .rows import bring_up_to, contract_of_charge, ensure_info, lock_contract, tell


def first_source_connected(*, tenant: SchemaRef, user_id: int, at: datetime) -> SubscriptionInfo:
    """Step: start a subscriber's clock at their first data source; any further one changes nothing (S0-26).

    The first payment is due 35 days later, to the second (S0-23), or after the trial of the chosen price; of
    a period that is paid already, after that.
    """
    with platform_context():
        info = ensure_info(tenant, user_id)
        if info.first_source_at is not None:
            return info
        info.first_source_at = at
        contract = open_contract(info)
        if info.next_billing_time is None:
            _start(info, contract, at)
            assert info.next_billing_time is not None
            tell(info, ClockStarted(user_id=user_id, at=at, next_billing_time=info.next_billing_time))
        if contract is None:
            info.save(update_fields=["first_source_at", "next_billing_time"])
        else:
            contract.info = info
            bring_up_to(at, contract)
        return info


def _start(info: SubscriptionInfo, contract: Subscription | None, at: datetime) -> None:
    schema = facts.seller_schema(info)
    pricing = None if contract is None else contract.pricing
    if contract is None:
        info.next_billing_time = at + facts.first_due_after(None, schema)
        return
    contract.started_at = contract.period_start = at
    contract.anchor_day = at.day
    if pricing is not None and (contract.is_prepaid or facts.is_free(contract)):
        info.next_billing_time = pricing.period.after(at)
        contract.is_prepaid = False
    else:
        info.next_billing_time = at + facts.first_due_after(pricing, schema)


def charge_paid(
    *,
    charge_id: UUID,
    at: datetime | None = None,
    payment_id: UUID | None = None,
    is_simulated: bool = False,
    payer_id: int | None = None,
    account: str = "",
) -> None:
    """Step: money for a charge came in. The same money again changes nothing; the charge is what is locked.

    What comes for a charge that is asked for no more, or a second time by another payment, stays as credit.
    ``payer_id`` and ``account`` (of the provider) say by whose saved method the next period may be collected.
    """
    with platform_context():
        subscription_id = contract_of_charge(charge_id)
        if subscription_id is None:
            return
        info, contract = lock_contract(subscription_id)
        charge = SubscriptionCharge.objects.select_related("pricing", "version__plan").get(pk=charge_id)
        if charge.state == SubscriptionCharge.State.PAID:
            if payment_id is not None and payment_id != charge.payment_id:
                contract.credit += charge.minor_units
                contract.save(update_fields=["credit"])
            return
        if account:
            contract.payer_id, contract.method_reference = payer_id, account
        settle(info, contract, charge, at or timezone.now(), payment_id, is_simulated)


def settle(
    info: SubscriptionInfo,
    contract: Subscription,
    charge: SubscriptionCharge,
    at: datetime,
    payment_id: UUID | None = None,
    is_simulated: bool = False,
) -> None:
    """Step: apply a charge that is paid (or comes to nothing) to its contract."""
    counts = charge.state == SubscriptionCharge.State.OPEN and contract.status != "canceled"
    charge.state, charge.paid_at, charge.failure = SubscriptionCharge.State.PAID, at, ""
    charge.payment_id, charge.is_simulated = payment_id or charge.payment_id, is_simulated
    charge.save(update_fields=["state", "paid_at", "failure", "payment_id", "is_simulated"])
    if counts:
        _begin_period(info, contract, charge, at)
        bring_up_to(at, contract)
    else:
        contract.credit += charge.minor_units
        contract.save(update_fields=["credit", "payer", "method_reference"])
    tell(
        info,
        ChargePaid(
            subscriptioncharge_id=charge.pk,
            subscription_id=contract.pk,
            user_id=info.user_id,
            kind=charge.kind,
            currency=charge.currency,
            minor_units=charge.minor_units,
            is_simulated=is_simulated,
        ),
    )
    have_invoiced(charge)


def _begin_period(
    info: SubscriptionInfo, contract: Subscription, charge: SubscriptionCharge, at: datetime
) -> None:
    is_change = charge.kind == SubscriptionCharge.Kind.CHANGE
    contract.version, contract.pricing, contract.seats = charge.version, charge.pricing, charge.seats
    contract.next_version = contract.next_pricing = contract.next_seats = None
    contract.credit = charge.credit_left
    contract.period_paid = sum(amount for kind, amount in charge.lines if kind in ("plan", "discount"))
    if contract.discounts_left and any(kind == "discount" for kind, _amount in charge.lines):
        contract.discounts_left -= 1
    contract.reminders, contract.paid_at = 0, at
    if info.user_id is not None and info.first_source_at is None:
        contract.is_prepaid = True  # the clock waits for the first data source (S0-22)
        return
    assert contract.pricing is not None
    basis = facts.basis_of(facts.seller_schema(info))
    due = info.next_billing_time if contract.started_at is not None and not is_change else None
    contract.anchor_day = at.day if contract.anchor_day is None or is_change else contract.anchor_day
    info.next_billing_time = due_after_payment(
        paid_at=at, due=due, period=contract.pricing.period, basis=basis, anchor_day=contract.anchor_day
    )
    from_due = basis is Basis.DUE_DATE and due is not None and due <= at
    contract.period_start = due if from_due else at
    contract.started_at = contract.started_at or at
    contract.paused_at = contract.paused_until = None


def charge_failed(*, charge_id: UUID, reason: str) -> None:
    """Step: an attempt to collect failed; the person is asked, the ladder goes on."""
    with platform_context():
        subscription_id = contract_of_charge(charge_id)
        if subscription_id is None:
            return
        info, contract = lock_contract(subscription_id)
        charge = SubscriptionCharge.objects.get(pk=charge_id)
        if charge.state != SubscriptionCharge.State.OPEN:
            return
        charge.failure = reason[:100]
        charge.save(update_fields=["failure"])
        tell(
            info,
            ChargeFailed(
                subscriptioncharge_id=charge.pk,
                subscription_id=contract.pk,
                user_id=info.user_id,
                reason=charge.failure,
            ),
        )
        if charge.kind == SubscriptionCharge.Kind.RENEWAL:
            mail_subscriber(contract, "payment_failed", charge=charge)
