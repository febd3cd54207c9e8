"""From rows to what the rules decide on."""

from __future__ import annotations

from datetime import timedelta

from shared_apps.core.context import PUBLIC

from . import options
from .models import PlanPricing, Subscription, SubscriptionInfo
from .rules.clock import Basis
from .rules.states import Facts, Ladder


def seller_schema(info: SubscriptionInfo) -> str:
    """Whose options count: the tenant's for its subscribers, the platform's for tenants."""
    return PUBLIC if info.user_id is None else info.tenant.schema_name


def ladder_of(schema: str) -> Ladder:
    """The seller's ladder."""
    read_only = options.READ_ONLY_AFTER.value_for(schema)
    return Ladder(
        reminders=options.reminder_days(options.REMINDERS.value_for(schema)),
        read_only_after=read_only,
        suspended_after=max(read_only, options.SUSPENDED_AFTER.value_for(schema)),
    )


def basis_of(schema: str) -> Basis:
    """What the seller counts the next period from."""
    return Basis(options.BASIS.value_for(schema))


def is_free(contract: Subscription) -> bool:
    """Whether nothing is ever due: the plan asks for no payment, or its price is nothing."""
    pricing = contract.pricing
    return not contract.version.terms["requires_payment"] or pricing is None or not pricing.amount


def has_begun(contract: Subscription) -> bool:
    """Whether a contract is more than chosen: its clock runs, or it is paid and waits for its start."""
    return contract.started_at is not None or contract.is_prepaid


def facts_of(info: SubscriptionInfo, contract: Subscription | None) -> Facts:
    """The facts of a subscriber: of a contract that has begun, else of the bare clock (S0-21..23)."""
    if contract is None or not has_begun(contract):
        return Facts(next_billing_time=info.next_billing_time)
    return Facts(
        next_billing_time=info.next_billing_time if contract.started_at else None,
        has_paid=contract.paid_at is not None,
        is_free=is_free(contract),
        auto_renew=bool(contract.version.terms["auto_renew"]),
        cancel_at=contract.cancel_at,
        paused_at=contract.paused_at,
        paused_until=contract.paused_until,
    )


def first_due_after(pricing: PlanPricing | None, schema: str) -> timedelta:
    """From the first data source to the first payment: the price's own trial, else the seller's cycle."""
    if pricing is not None and pricing.trial_period_days:
        return timedelta(days=pricing.trial_period_days)
    return options.CYCLE.value_for(schema)
