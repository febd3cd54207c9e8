"""Background work on invoices."""

from __future__ import annotations

from uuid import UUID

from shared_apps.core.tasks import platform_task

from . import services
from .services import documents


@platform_task("invoices.send_document")
def send_document(*, invoice_id: str) -> None:
    """Keep the PDF of a new document and send it to the buyer."""
    documents.send_document(invoice_id=UUID(invoice_id))


@platform_task("invoices.send_receipt")
def send_receipt(*, invoice_id: str) -> None:
    """Tell the buyer that it is paid."""
    documents.send_receipt(invoice_id=UUID(invoice_id))


@platform_task("invoices.credit_refund")
def credit_refund(*, payment_id: str, refund_id: str, minor_units: int) -> None:
    """Correct an invoice by what was refunded of its payment."""
    services.credit_refund(payment_id=UUID(payment_id), refund_id=UUID(refund_id), minor_units=minor_units)
