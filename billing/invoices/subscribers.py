"""What happens elsewhere and concerns invoices."""

from __future__ import annotations

from billing.payments.events import PaymentRefunded
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context


def on_refunded(event: PaymentRefunded) -> None:
    """Money went back: the invoice that it had paid, if there is one, is corrected by the worker."""
    with platform_context():
        enqueue(
            "invoices.credit_refund",
            payment_id=event.payment_id,
            refund_id=event.refund_id,
            minor_units=event.minor_units,
        )
