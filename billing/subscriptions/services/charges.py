"""Amounts: what a period costs a contract, and asking for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.subscriptions import facts, queries
from billing.subscriptions.events import ChargeCreated
from billing.subscriptions.models import (
    PlanPricing,
    PlanVersion,
    PromotionCode,
    Subscription,
    SubscriptionCharge,
)
from billing.subscriptions.rules.prices import Discount, Quote, quote, unused_part
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.core.errors import ConflictError, NotFoundError
from shared_apps.core.money import Money

from .clock import charge_paid
from .invoicing import have_invoiced
from .rows import open_charge, tell, void_open_charges

Kind = SubscriptionCharge.Kind


def price_of(version: PlanVersion, pricing: PlanPricing) -> int:
    """A price in smallest units; nothing where the plan asks for no payment."""
    if not version.terms["requires_payment"]:
        return 0
    return Money(pricing.amount, pricing.currency).minor_units()


def discount_of(
    code: PromotionCode | None, left: int | None, version: PlanVersion, pricing: PlanPricing
) -> Discount | None:
    """What a code takes off a period of this plan at this price; None where it does not hold."""
    if code is None or left == 0 or code.coupon.plan_id not in (None, version.plan_id):
        return None
    coupon = code.coupon
    if coupon.percent_off is not None:
        return Discount(percent=coupon.percent_off)
    if coupon.amount_off is None or coupon.currency != pricing.currency:
        return None
    return Discount(minor_units=Money(coupon.amount_off, coupon.currency).minor_units())


def quote_for(
    contract: Subscription,
    version: PlanVersion,
    pricing: PlanPricing,
    seats: int,
    *,
    changed_at: datetime | None = None,
) -> Quote:
    """What the next period costs a contract; ``changed_at`` credits what is left of the running one."""
    unused = 0
    due = contract.info.next_billing_time
    if changed_at is not None and contract.period_start is not None and due is not None:
        unused = unused_part(contract.period_paid, start=contract.period_start, end=due, at=changed_at)
    same_currency = contract.pricing is None or contract.pricing.currency == pricing.currency
    return quote(
        price=price_of(version, pricing),
        seats=seats if pricing.per_seat else 1,
        discount=discount_of(contract.code, contract.discounts_left, version, pricing),
        unused=unused if same_currency else 0,
        credit=contract.credit if same_currency else 0,
    )


def ask(
    contract: Subscription,
    kind: Kind,
    asked: Quote,
    *,
    version: PlanVersion,
    pricing: PlanPricing,
    seats: int,
    due_at: datetime | None = None,
) -> SubscriptionCharge:
    """Step: ask for an amount; what was asked for before and not paid is asked for no more."""
    void_open_charges(contract)
    charge = SubscriptionCharge.objects.create(
        subscription=contract,
        kind=kind,
        minor_units=asked.total,
        currency=pricing.currency,
        lines=[[line.kind, line.minor_units] for line in asked.lines],
        version=version,
        pricing=pricing,
        seats=seats,
        credit_left=asked.credit_left,
        due_at=due_at,
    )
    tell(
        contract.info,
        ChargeCreated(
            subscriptioncharge_id=charge.pk,
            subscription_id=contract.pk,
            user_id=contract.info.user_id,
            kind=kind,
            currency=charge.currency,
            minor_units=charge.minor_units,
        ),
    )
    if version.terms["requires_invoice"]:
        have_invoiced(charge)
    return charge


def renewal_of(contract: Subscription) -> SubscriptionCharge | None:
    """Step: the charge for the period that begins at the due time, made at first asking.

    None where nothing is due; a downgrade that waited for this moment is in it.
    """
    info = contract.info
    version, pricing = contract.next_version or contract.version, contract.next_pricing or contract.pricing
    if pricing is None or info.next_billing_time is None or facts.is_free(contract):
        return None
    known = open_charge(contract)
    if known is not None and known.due_at == info.next_billing_time:
        return known
    seats = contract.next_seats or contract.seats
    asked = quote_for(contract, version, pricing, seats)
    return ask(
        contract, Kind.RENEWAL, asked, version=version, pricing=pricing, seats=seats,
        due_at=info.next_billing_time,
    )  # fmt: skip


def record_payment(*, actor: Actor, charge_id: Any, at: datetime | None = None) -> SubscriptionCharge:
    """Write down that an open amount was paid by other ways (a bank transfer, an invoice).

    Raises NotFoundError, ConflictError ``charge.not_open``.
    """
    require(actor, "subscriptions.record_payment")
    require_recent(actor)
    with platform_context(), transaction.atomic(durable=True):
        charge = get_charge(actor, charge_id)
        if charge.state != SubscriptionCharge.State.OPEN:
            raise ConflictError("charge.not_open", _("This amount is asked for no more."))
        charge_paid(charge_id=charge.pk, at=at or timezone.now())
        charge.refresh_from_db()
    return charge


def get_charge(actor: Actor, charge_id: Any) -> SubscriptionCharge:
    """An amount asked for by whoever sells on the actor's host. Raises NotFoundError."""
    rows = SubscriptionCharge.objects.select_related("subscription__info__tenant")
    info = "subscription__info__"
    mine = (
        rows.filter(**{f"{info}user__isnull": True})
        if actor.tenant_schema == PUBLIC
        else rows.filter(**{f"{info}user__isnull": False, f"{info}tenant__schema_name": actor.tenant_schema})
    )
    with platform_context():
        found = mine.filter(pk=charge_id).first()
    if found is None:
        raise NotFoundError("charge.unknown", _("There is no such amount."))
    return found


def own_charge(actor: Actor, charge_id: Any) -> SubscriptionCharge:
    """Step: an amount asked of the actor, or of an organisation that they own. Raises NotFoundError."""
    require(actor, "subscriptions.change_own_subscription")
    rows = SubscriptionCharge.objects.select_related("subscription__info__tenant", "version__plan", "pricing")
    charge = rows.filter(pk=charge_id).first()
    if charge is not None:
        info = charge.subscription.info
        who = queries.subscriber_of(actor, None if info.user_id else info.tenant.uuid)
        if (who.tenant.pk, who.user_id) == (info.tenant_id, info.user_id):
            return charge
    raise NotFoundError("charge.unknown", _("There is no such amount."))
