"""Keeping the PDF of an invoice, and sending it."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.db import transaction

from billing.invoices import mails, pdf
from billing.invoices.models import Invoice, InvoiceDocument
from shared_apps.core.context import platform_context


def make_document(*, invoice_id: UUID) -> bytes:
    """Make and keep the PDF, once; later calls answer with what was kept. Not for a transaction: it draws."""
    with platform_context():
        kept = InvoiceDocument.objects.filter(pk=invoice_id).first()
        if kept is None:
            content = pdf.render(Invoice.objects.get(pk=invoice_id))
            made = InvoiceDocument(
                invoice_id=invoice_id, content=content, sha256=hashlib.sha256(content).hexdigest()
            )
            with transaction.atomic(durable=True):
                InvoiceDocument.objects.bulk_create([made], ignore_conflicts=True)
            kept = InvoiceDocument.objects.get(pk=invoice_id)
    return bytes(kept.content)


def send_document(*, invoice_id: UUID) -> None:
    """Keep the PDF and send it to the buyer, in words that fit what it is now."""
    content = make_document(invoice_id=invoice_id)
    with platform_context():
        invoice = Invoice.objects.get(pk=invoice_id)
        if invoice.is_credit_note:
            mails.send("credit_note", invoice, content)
        elif invoice.paid_at is None:
            mails.send("invoice", invoice, content)
        elif invoice.due_on is None:
            mails.send("receipt", invoice, content)
        # Paid since: the receipt is on its way, with the same document.


def send_receipt(*, invoice_id: UUID) -> None:
    """Tell the buyer that an invoice which was open is paid."""
    content = make_document(invoice_id=invoice_id)
    with platform_context():
        mails.send("receipt", Invoice.objects.get(pk=invoice_id), content)
