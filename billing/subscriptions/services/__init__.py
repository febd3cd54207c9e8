"""Every write to plans and subscriptions."""

from .catalogue import (
    add_price,
    change_plan,
    create_coupon,
    create_plan,
    end_code,
    end_price,
)
from .changes import ChangePreview, change_subscription, preview_change
from .charges import record_payment
from .clock import charge_failed, charge_paid, first_source_connected
from .contracts import (
    amount_due,
    cancel_subscription,
    give_default_plan,
    pause_subscription,
    resume_subscription,
    subscribe,
)
from .paying import begin_paying
from .renewing import advance_subscription, due_subscriptions, match_doors

__all__ = [
    "ChangePreview",
    "add_price",
    "advance_subscription",
    "amount_due",
    "begin_paying",
    "cancel_subscription",
    "change_plan",
    "change_subscription",
    "charge_failed",
    "charge_paid",
    "create_coupon",
    "create_plan",
    "due_subscriptions",
    "end_code",
    "end_price",
    "first_source_connected",
    "give_default_plan",
    "match_doors",
    "pause_subscription",
    "preview_change",
    "record_payment",
    "resume_subscription",
    "subscribe",
]
