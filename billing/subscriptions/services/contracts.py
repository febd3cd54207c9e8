"""What subscribers do: choose a plan, cancel and take that back, pause and go on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.subscriptions import collection, facts, options, queries
from billing.subscriptions.events import SubscriptionStarted
from billing.subscriptions.models import (
    Plan,
    PlanPricing,
    PromotionCode,
    Subscription,
    SubscriptionCharge,
    SubscriptionInfo,
)
from billing.subscriptions.rules.states import OWING, Status
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.context import SchemaRef, platform_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError

from .charges import Kind, ask, quote_for, renewal_of
from .clock import settle
from .rows import bring_up_to, ensure_info, lock_info, open_charge, require_open, tell, tell_change

MOST_SEATS = 100_000


def subscribe(
    *,
    actor: Actor,
    price_id: Any,
    seats: int = 1,
    code: str = "",
    method: str = "payment",
    organisation: UUID | None = None,
) -> tuple[Subscription, SubscriptionCharge | None]:
    """Choose a plan at a price. The amount to be paid now is the second of what is returned; None: nothing.

    Choosing again before anything was paid replaces the choice. Raises DomainError naming ``price``,
    ``seats``, ``code`` or ``method``; ConflictError ``subscription.exists``.
    """
    require(actor, "subscriptions.change_own_subscription")
    who = queries.subscriber_of(actor, organisation)
    with platform_context(), transaction.atomic(durable=True):
        plan, pricing = priced_plan(who.seller, price_id)
        check_seats(pricing, plan, seats)
        info = ensure_info(who.tenant, who.user_id)
        contract = queries.open_contract(info)
        if contract is not None and facts.has_begun(contract):
            raise ConflictError(
                "subscription.exists", _("There is a subscription already: change it instead."), field="price"
            )
        first_time = not Subscription.objects.filter(info=info, paid_at__isnull=False).exists()
        promotion = (
            take_code(who.seller, code, plan, pricing, first_time=first_time) if code.strip() else None
        )
        if contract is None:
            contract = Subscription(info=info)
        else:
            give_back(contract.code)
        contract.info = info
        contract.version, contract.pricing = queries.current_version(plan), pricing
        contract.seats, contract.code = seats, promotion
        contract.discounts_left = None if promotion is None else promotion.coupon.periods
        contract.method = checked_method(contract, method)
        contract.save()
        tell(
            info,
            SubscriptionStarted(
                subscription_id=contract.pk,
                user_id=info.user_id,
                plan_id=plan.pk,
                version=contract.version.number,
                method=contract.method,
            ),
        )
        return contract, _begin(info, contract, timezone.now(), first_time=first_time)


def _begin(
    info: SubscriptionInfo, contract: Subscription, now: datetime, *, first_time: bool
) -> SubscriptionCharge | None:
    """Begin the trial where there is one, and ask for the first payment; nothing to pay is paid at once.

    A trial that runs already (since the first data source) goes on under the contract.
    """
    pricing = contract.pricing
    assert pricing is not None
    running = info.next_billing_time is not None and now < info.next_billing_time
    has_trial = pricing.trial_period_days > 0 and first_time and not facts.is_free(contract)
    if has_trial and info.user_id is None and not running:
        info.next_billing_time = now + timedelta(days=pricing.trial_period_days)
        running = True
    if running and first_time and not facts.is_free(contract):
        contract.started_at = contract.period_start = now
        contract.anchor_day = now.day
    bring_up_to(now, contract)
    waits = info.user_id is not None and info.first_source_at is None
    if has_trial and (running or waits):
        return None
    return ask_first(info, contract, now)


def ask_first(info: SubscriptionInfo, contract: Subscription, now: datetime) -> SubscriptionCharge | None:
    """Step: ask for the first payment of a contract; nothing to pay is paid at once."""
    pricing = contract.pricing
    assert pricing is not None
    asked = quote_for(contract, contract.version, pricing, contract.seats)
    charge = ask(contract, Kind.FIRST, asked, version=contract.version, pricing=pricing, seats=contract.seats)
    if asked.total:
        return charge
    settle(info, contract, charge, now)
    return None


def amount_due(*, actor: Actor, organisation: UUID | None = None) -> SubscriptionCharge | None:
    """What one can pay now: what is asked for, or is due, or the first period of a trial. None: nothing.

    Raises NotFoundError.
    """
    require(actor, "subscriptions.change_own_subscription")
    who = queries.subscriber_of(actor, organisation)
    with platform_context(), transaction.atomic(durable=True):
        contract = require_open(lock_info(who.tenant.pk, who.user_id))
        known = open_charge(contract)
        if known is not None:
            return known
        if contract.status in OWING:
            return renewal_of(contract)
        if contract.paid_at is None and contract.pricing is not None and not facts.is_free(contract):
            return ask_first(contract.info, contract, timezone.now())
        return None


def priced_plan(seller: str, price_id: Any) -> tuple[Plan, PlanPricing]:
    """A plan on offer with one of its active prices. Raises DomainError naming ``price``."""
    pricing = (
        PlanPricing.objects.select_related("plan")
        .filter(pk=price_id, active=True, plan__in=queries.plans_sold(seller))
        .first()
    )
    if pricing is None:
        raise DomainError("price.unknown", _("This price is not on offer."), field="price")
    return pricing.plan, pricing


def check_seats(pricing: PlanPricing, plan: Plan, seats: int) -> None:
    """Raise DomainError naming ``seats``."""
    if not 1 <= seats <= MOST_SEATS or (seats > 1 and not pricing.per_seat):
        raise DomainError(
            "subscription.seats", _("This price is not sold by that many seats."), field="seats"
        )
    if pricing.per_seat and plan.seats is not None and seats > plan.seats:
        raise DomainError(
            "subscription.seats",
            _("This plan has at most %(count)d seats.") % {"count": plan.seats},
            field="seats",
        )


def take_code(seller: str, text: str, plan: Plan, pricing: PlanPricing, *, first_time: bool) -> PromotionCode:
    """Step: use a promotion code once. Raises DomainError naming ``code``."""
    found = queries.find_code(seller, text)
    unknown = DomainError("code.unknown", _("There is no such code."), field="code")
    if found is None or not found.active:
        raise unknown
    if found.expires_at is not None and found.expires_at <= timezone.now():
        raise DomainError("code.expired", _("This code is not valid any more."), field="code")
    coupon = found.coupon
    if coupon.plan_id not in (None, plan.pk) or (coupon.currency and coupon.currency != pricing.currency):
        raise DomainError("code.other_plan", _("This code is not for this price."), field="code")
    if found.first_time_only and not first_time:
        raise DomainError("code.first_time", _("This code is for a first subscription."), field="code")
    room = Q(most_uses__isnull=True) | Q(uses__lt=F("most_uses"))
    if not PromotionCode.objects.filter(room, pk=found.pk).update(uses=F("uses") + 1):
        raise DomainError("code.used_up", _("This code is used up."), field="code")
    return found


def give_back(code: PromotionCode | None) -> None:
    """Step: a choice that was replaced did not use its code."""
    if code is not None:
        PromotionCode.objects.filter(pk=code.pk, uses__gt=0).update(uses=F("uses") - 1)


def checked_method(contract: Subscription, name: str) -> str:
    """A method of collection that the seller offers. Raises DomainError naming ``method``."""
    if not facts.is_free(contract) and name not in {each.name for each in collection.methods_for(contract)}:
        raise DomainError("subscription.method", _("It cannot be paid this way here."), field="method")
    return name


def give_default_plan(*, tenant: SchemaRef, user_id: int | None, seller: str) -> None:
    """Step: write down who signed up (S0-21), with the seller's default plan where there is one.

    A tenant's begins at once, a person's with the first data source.
    """
    with platform_context():
        info = ensure_info(tenant, user_id)
        plan = queries.plans_sold(seller).filter(default=True).first()
        pricing = None if plan is None else plan.pricing.filter(active=True).first()
        if plan is None or pricing is None or info.contracts.exists():
            return
        contract = Subscription.objects.create(
            info=info, version=queries.current_version(plan), pricing=pricing
        )
        now = timezone.now()
        if facts.is_free(contract) or user_id is None:
            _begin(info, contract, now, first_time=True)


def cancel_subscription(
    *, actor: Actor, reason: str = "", at_once: bool = False, organisation: UUID | None = None
) -> Subscription:
    """End one's subscription: with its period, or ``at_once``. Nothing is deleted, nothing is paid back.

    Raises NotFoundError, ConflictError ``subscription.canceled``.
    """
    require(actor, "subscriptions.change_own_subscription")
    who = queries.subscriber_of(actor, organisation)
    with platform_context(), transaction.atomic(durable=True):
        info = lock_info(who.tenant.pk, who.user_id)
        contract = require_open(info)
        if contract.cancel_at is not None and not at_once:
            raise ConflictError("subscription.canceled", _("It is canceled already."))
        now = timezone.now()
        due = info.next_billing_time
        runs_on = contract.status in (Status.TRIAL, Status.PAYING) and due is not None and due > now
        contract.cancel_at = due if runs_on and not at_once else now
        contract.cancel_reason = reason.strip()[:255]
        bring_up_to(now, contract)
        tell_change(contract, "canceled", at=contract.cancel_at, reason=contract.cancel_reason)
        _follow(contract)
    return contract


def resume_subscription(*, actor: Actor, organisation: UUID | None = None) -> Subscription:
    """Take a cancellation back before it has come, or end a pause.

    Raises NotFoundError, ConflictError ``subscription.not_resumable``.
    """
    require(actor, "subscriptions.change_own_subscription")
    who = queries.subscriber_of(actor, organisation)
    with platform_context(), transaction.atomic(durable=True):
        contract = require_open(lock_info(who.tenant.pk, who.user_id))
        now = timezone.now()
        if contract.paused_at is not None:
            end_pause(contract, now)
            what = "unpaused"
        elif contract.cancel_at is not None and now < contract.cancel_at:
            contract.cancel_at, contract.cancel_reason, what = None, "", "resumed"
        else:
            raise ConflictError("subscription.not_resumable", _("There is nothing to take back."))
        bring_up_to(now, contract)
        tell_change(contract, what)
        _follow(contract)
    return contract


def pause_subscription(*, actor: Actor, days: int | None = None) -> Subscription:
    """Let one's clock stand, ``days`` long or as long as the seller allows; what was paid for stays.

    Raises NotFoundError, DomainError naming ``days``, ConflictError ``subscription.not_pausable``.
    """
    require(actor, "subscriptions.change_own_subscription")
    who = queries.subscriber_of(actor)
    longest = options.LONGEST_PAUSE.value_for(who.seller)
    length = longest if days is None else timedelta(days=days)
    if not timedelta(0) < length <= longest:
        raise DomainError(
            "subscription.pause_too_long",
            _("A pause has 1 to %(days)d days.") % {"days": longest.days},
            field="days",
        )
    with platform_context(), transaction.atomic(durable=True):
        contract = require_open(lock_info(who.tenant.pk, who.user_id))
        now = timezone.now()
        if who.user_id is None or contract.status != Status.PAYING or contract.cancel_at is not None:
            raise ConflictError("subscription.not_pausable", _("Only a running subscription can be paused."))
        if (contract.info.next_billing_time or now) <= now:
            raise ConflictError("subscription.not_pausable", _("A payment is due: it cannot be paused now."))
        contract.paused_at, contract.paused_until = now, now + length
        bring_up_to(now, contract)
        tell_change(contract, "paused", until=contract.paused_until)
        _follow(contract)
    return contract


def end_pause(contract: Subscription, now: datetime) -> None:
    """Step: let the clock go on where it stood."""
    info = contract.info
    if contract.paused_at is None or info.next_billing_time is None:
        return
    end = now if contract.paused_until is None else min(now, contract.paused_until)
    info.next_billing_time += end - contract.paused_at
    if contract.period_start is not None:
        contract.period_start += end - contract.paused_at
    contract.paused_at = contract.paused_until = None


def _follow(contract: Subscription) -> None:
    """Step: have what is kept elsewhere follow."""
    method = collection.method_named(contract.method)
    if method is not None:
        method.changed(contract)


def require_nothing_due(contract: Subscription) -> None:
    """Raise ConflictError where a payment is due first."""
    if contract.status in OWING:
        raise ConflictError("subscription.payment_due", _("A payment is due: pay it first."))
    if contract.status == Status.CANCELED or not facts.has_begun(contract):
        raise NotFoundError("subscription.none", _("There is no subscription."))
