"""Background work on payments: thin, idempotent, ids in."""

from __future__ import annotations

from uuid import UUID

from shared_apps.core.tasks import platform_task

from . import services
from .services import alarms, deliveries, polling


@platform_task("payments.start_payment", retry_after=120)
def start_payment(*, payment_id: str) -> None:
    """Begin a payment without its payer."""
    services.start_payment(UUID(payment_id))


@platform_task("payments.send_refund", retry_after=120)
def send_refund(*, refund_id: str) -> None:
    """Have a refund made."""
    services.send_refund(UUID(refund_id))


@platform_task("payments.send_payout", retry_after=120)
def send_payout(*, payout_id: str) -> None:
    """Have a payout sent."""
    services.send_payout(UUID(payout_id))


@platform_task("payments.refresh_object", retry_after=120)
def refresh_object(*, kind: str, object_id: str) -> None:
    """Fetch an object at its provider."""
    services.refresh(kind, UUID(object_id))


@platform_task("payments.cancel_unpaid", retry_after=120)
def cancel_unpaid(*, payment_id: str) -> None:
    """Give up a payment whose payer did not come."""
    services.cancel_payment(UUID(payment_id), "expired")


@platform_task("payments.poll_open", retry_after=600)
def poll_open() -> None:
    """Have everything asked about that something may still happen to."""
    polling.poll_open()
    polling.give_up_unpaid()


@platform_task("payments.work_inbox", retry_after=300)
def work_inbox() -> None:
    """Work off the notifications that are due."""
    deliveries.work_inbox()


@platform_task("payments.tell_dead_letter")
def tell_dead_letter(*, delivery_id: str) -> None:
    """Tell the superadmins of a notification that was given up."""
    alarms.tell_dead_letter(UUID(delivery_id))
