"""Another plan: up now, down with the period; the preview is what will be charged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.subscriptions import facts, options, queries
from billing.subscriptions.models import PlanPricing, PlanVersion, Subscription, SubscriptionCharge
from billing.subscriptions.queries import current_version
from billing.subscriptions.rules.prices import Quote, is_upgrade
from billing.subscriptions.rules.states import Status
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError

from .charges import Kind, ask, price_of, quote_for
from .clock import settle
from .contracts import check_seats, priced_plan, require_nothing_due
from .rows import bring_up_to, lock_info, require_open, tell_change, void_open_charges


@dataclass(frozen=True, slots=True)
class ChangePreview:
    """What a change would be. ``takes_effect``: ``now``, ``after_payment`` or ``period_end``.

    ``at`` is the moment that the amounts are for: given to :func:`change_subscription`, they are charged.
    """

    at: datetime
    takes_effect: str
    effective_at: datetime | None
    quote: Quote
    currency: str


def preview_change(
    *, actor: Actor, price_id: Any, seats: int = 1, organisation: UUID | None = None
) -> ChangePreview:
    """Say what another price or number of seats would cost now. Raises as :func:`change_subscription`."""
    require(actor, "subscriptions.view_own_subscription")
    who = queries.subscriber_of(actor, organisation)
    with platform_context():
        info = queries.find_info(who.tenant, who.user_id)
        contract = None if info is None else queries.open_contract(info)
        if contract is None:
            raise _no_subscription()
        _plan, pricing = priced_plan(who.seller, price_id)
        check_seats(pricing, pricing.plan, seats)
        return _preview(contract, current_version(pricing.plan), pricing, seats, timezone.now())


def change_subscription(
    *,
    actor: Actor,
    price_id: Any,
    seats: int = 1,
    at: datetime | None = None,
    organisation: UUID | None = None,
) -> tuple[Subscription, SubscriptionCharge | None]:
    """Move one's subscription to another price or number of seats.

    What costs at least as much per day is had at once, when the difference is paid (the charge that is
    returned): a new period begins, what is left of the old one is taken off. What costs less begins with the
    next period. ``at`` is a preview's moment. Raises DomainError naming ``price`` or ``seats``,
    ConflictError ``subscription.payment_due``, ``subscription.unchanged``, ``subscription.quote_expired``.
    """
    require(actor, "subscriptions.change_own_subscription")
    who = queries.subscriber_of(actor, organisation)
    with platform_context(), transaction.atomic(durable=True):
        plan, pricing = priced_plan(who.seller, price_id)
        check_seats(pricing, plan, seats)
        contract = require_open(lock_info(who.tenant.pk, who.user_id))
        now = timezone.now()
        version = current_version(plan)
        preview = _preview(contract, version, pricing, seats, _moment(at, contract, now))
        void_open_charges(contract)
        contract.next_version = contract.next_pricing = contract.next_seats = None
        charge = None
        if preview.takes_effect == "period_end":
            contract.next_version, contract.next_pricing, contract.next_seats = version, pricing, seats
        elif preview.takes_effect == "now":
            contract.version, contract.pricing, contract.seats = version, pricing, seats
        else:
            charge = ask(contract, Kind.CHANGE, preview.quote, version=version, pricing=pricing, seats=seats)
            if preview.quote.total == 0:
                settle(contract.info, contract, charge, now)
                charge = None
        bring_up_to(now, contract)
        tell_change(
            contract,
            "changed",
            plan=str(plan.pk),
            price=str(pricing.pk),
            seats=seats,
            takes_effect=preview.takes_effect,
        )
    return contract, charge


def _preview(
    contract: Subscription, version: PlanVersion, pricing: PlanPricing, seats: int, at: datetime
) -> ChangePreview:
    require_nothing_due(contract)
    same = (contract.version_id, contract.pricing_id, contract.seats) == (version.pk, pricing.pk, seats)
    if same and contract.next_pricing_id is None:
        raise ConflictError("subscription.unchanged", _("That is what you have."), field="price")
    old = contract.pricing
    due = contract.info.next_billing_time
    whole = quote_for(contract, version, pricing, seats)
    if same or (contract.status == Status.TRIAL and _may_change_in_trial(contract, pricing)):
        return ChangePreview(at, "now", at, Quote((), 0, contract.credit), pricing.currency)
    if old is not None and not facts.is_free(contract):
        old_price = price_of(contract.version, old) * (contract.seats if old.per_seat else 1)
        new_price = price_of(version, pricing) * (seats if pricing.per_seat else 1)
        up = old.currency == pricing.currency and is_upgrade(
            old=old_price, old_period=old.period, new=new_price, new_period=pricing.period, at=at
        )
        if not up:
            return ChangePreview(at, "period_end", due, whole, pricing.currency)
    asked = quote_for(contract, version, pricing, seats, changed_at=at)
    return ChangePreview(at, "after_payment", None, asked, pricing.currency)


def _may_change_in_trial(contract: Subscription, pricing: PlanPricing) -> bool:
    """Nothing was paid, so nothing is settled: the trial goes on with the other price."""
    return contract.paid_at is None and bool(pricing.amount)


def _moment(at: datetime | None, contract: Subscription, now: datetime) -> datetime:
    if at is None:
        return now
    lifetime = options.QUOTE_LIFETIME.value()
    begun = contract.period_start
    if not now - lifetime <= at <= now or (begun is not None and at < begun):
        raise ConflictError(
            "subscription.quote_expired", _("This preview is too old; look again."), field="at"
        )
    return at


def _no_subscription() -> ConflictError:
    return ConflictError("subscription.none", _("There is no subscription to change."))
