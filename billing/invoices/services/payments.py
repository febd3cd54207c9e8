"""Marking invoices paid."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from billing.invoices.events import InvoicePaid
from billing.invoices.models import Invoice, Kind, State
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from shared_apps.users.hosts import HostTenant, inside


def mark_paid(*, seller: HostTenant | None, invoice_id: UUID, at: datetime, payment: str) -> Invoice:
    """Step: the invoice was paid by ``payment``; a receipt goes out after the commit.

    The same payment again changes nothing. Raises NotFoundError for no invoice of this seller,
    ConflictError where another payment has paid it or credit notes took all of it back.
    """
    with platform_context():
        invoice = locked(seller, invoice_id)
        if invoice.paid_at is not None and invoice.payment == payment:
            return invoice
        if invoice.state != State.OPEN or invoice.kind != Kind.INVOICE:
            raise ConflictError("invoices.not_open", _("Only an open invoice can be paid."))
        invoice.state, invoice.paid_at, invoice.payment = State.PAID, at, payment
        invoice.save(update_fields=["state", "paid_at", "payment"])
        enqueue("invoices.send_receipt", invoice_id=invoice.pk)
    with inside(seller):
        emit(
            InvoicePaid(
                invoice_id=invoice.pk, number=invoice.number, user_id=invoice.user_id, payment=payment
            )
        )
    return invoice


def locked(seller: HostTenant | None, invoice_id: UUID) -> Invoice:
    """The seller's document, locked; in the platform role. Raises NotFoundError."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an invoice changes in the caller's transaction")
    rows = Invoice.objects.filter(pk=invoice_id, seller_id=None if seller is None else seller.pk)
    invoice = lock_one(rows)
    if invoice is None:
        raise NotFoundError("not_found", _("Not found."))
    return invoice
