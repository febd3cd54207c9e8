"""What happens to plans and subscriptions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class PlanChanged(Event):
    """A plan was made, or its terms got a new version; ``version`` None: only its place in the catalogue."""

    name = "subscriptions.plan_changed"
    plan_id: UUID
    version: int | None
    changes: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class PriceChanged(Event):
    """A price was added (perhaps in another's place) or taken out of the catalogue."""

    name = "subscriptions.price_changed"
    plan_id: UUID
    planpricing_id: UUID
    active: bool
    amount: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class CouponCreated(Event):
    """A coupon with its promotion code."""

    name = "subscriptions.coupon_created"
    coupon_id: UUID
    promotion: str


@dataclass(frozen=True, kw_only=True)
class CouponEnded(Event):
    """A promotion code is taken no more; contracts that have it keep it."""

    name = "subscriptions.coupon_ended"
    coupon_id: UUID
    promotion: str


@dataclass(frozen=True, kw_only=True)
class SubscriptionStarted(Event):
    """Somebody chose a plan."""

    name = "subscriptions.subscription_started"
    subscription_id: UUID
    user_id: int | None
    plan_id: UUID
    version: int
    method: str


@dataclass(frozen=True, kw_only=True)
class ClockStarted(Event):
    """The first data source was connected (S0-23)."""

    name = "subscriptions.clock_started"
    user_id: int | None
    at: datetime
    next_billing_time: datetime


@dataclass(frozen=True, kw_only=True)
class SubscriptionStateChanged(Event):
    """A contract went on to another state."""

    name = "subscriptions.state_changed"
    subscription_id: UUID
    user_id: int | None
    before: str
    after: str
    next_billing_time: datetime | None


@dataclass(frozen=True, kw_only=True)
class SubscriptionChanged(Event):
    """What was agreed is another now, or will be: plan, price, seats, cancellation, pause, method."""

    name = "subscriptions.subscription_changed"
    subscription_id: UUID
    user_id: int | None
    what: str
    details: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class ChargeCreated(Event):
    """An amount is asked for."""

    name = "subscriptions.charge_created"
    subscriptioncharge_id: UUID
    subscription_id: UUID
    user_id: int | None
    kind: str
    currency: str
    minor_units: int


@dataclass(frozen=True, kw_only=True)
class ChargePaid(Event):
    """An amount that was asked for came in."""

    name = "subscriptions.charge_paid"
    subscriptioncharge_id: UUID
    subscription_id: UUID
    user_id: int | None
    kind: str
    currency: str
    minor_units: int
    is_simulated: bool


@dataclass(frozen=True, kw_only=True)
class ChargeFailed(Event):
    """An attempt to collect it failed; others follow by the ladder."""

    name = "subscriptions.charge_failed"
    subscriptioncharge_id: UUID
    subscription_id: UUID
    user_id: int | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReminderSent(Event):
    """Somebody was asked for a payment that is due."""

    name = "subscriptions.reminder_sent"
    subscription_id: UUID
    user_id: int | None
    number: int


@dataclass(frozen=True, kw_only=True)
class MeterAlert(Event):
    """A meter reached a share (80 or 100 per cent) of its limit."""

    name = "subscriptions.meter_alert"
    meter: str
    share: int
    used: int
    limit: int
