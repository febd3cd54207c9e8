"""Background work of subscriptions."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from shared_apps.core.tasks import platform_task

from . import api_meter, letters
from .queries import metered_schemas
from .services import invoicing, renewing


@platform_task("subscriptions.renew_due", retry_after=300)
def renew_due() -> None:
    """Bring up to the moment whatever the clock has come to."""
    now = timezone.now()
    for subscription_id in renewing.due_subscriptions(now):
        renewing.advance_subscription(subscription_id=subscription_id, now=now)


@platform_task("subscriptions.match_doors")
def match_doors(*, subscription_id: str) -> None:
    """Close or open an organisation's doors as its subscription says."""
    renewing.match_doors(subscription_id=subscription_id)


@platform_task("subscriptions.send_letter")
def send_letter(*, letter: str, tenant_id: int, user_id: int | None, details: dict[str, Any]) -> None:
    """Write to a subscriber, or to the owners of an organisation."""
    letters.send(letter, tenant_id=tenant_id, user_id=user_id, details=details)


@platform_task("subscriptions.issue_invoice", retry_after=120)
def issue_invoice(*, charge_id: str) -> None:
    """Bring the invoice of a charge up to the charge."""
    invoicing.issue_invoice(charge_id=charge_id)


@platform_task("subscriptions.keep_meters")
def keep_meters() -> None:
    """Write today's bytes over the API into the database, and tell of what they reach."""
    for schema in metered_schemas():
        api_meter.keep(schema)
