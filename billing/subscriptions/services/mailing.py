"""Telling subscribers and owners by mail. What is enqueued names rows; the task writes the letter."""

from __future__ import annotations

from typing import Any

from billing.subscriptions.models import Subscription, SubscriptionCharge
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context


def mail_subscriber(
    contract: Subscription, letter: str, *, charge: SubscriptionCharge | None = None, **details: Any
) -> None:
    """Step: have a letter sent to the subscriber: a person, or the owners of a tenant."""
    with platform_context():
        enqueue(
            "subscriptions.send_letter",
            letter=letter,
            tenant_id=contract.info.tenant_id,
            user_id=contract.info.user_id,
            details={
                "plan": contract.version.plan.name,
                "due_at": contract.info.next_billing_time and contract.info.next_billing_time.isoformat(),
                "amount": None if charge is None else charge.minor_units,
                "currency": "" if charge is None else charge.currency,
                **details,
            },
        )


def mail_owners(tenant_id: int, letter: str, **details: Any) -> None:
    """Step: have a letter sent to an organisation's owners."""
    with platform_context():
        enqueue(
            "subscriptions.send_letter", letter=letter, tenant_id=tenant_id, user_id=None, details=details
        )
