"""Reads of invoices, each by who may see them.

In a tenant the rows are its own by row-level security: what it sold, and what the platform billed it for. On
the platform's host they are the platform's own sales; what tenants sell is theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.scoping import get_for, scope
from shared_apps.core.context import PUBLIC, current_schema, platform_context
from shared_apps.core.errors import NotFoundError
from shared_apps.users.hooks import rows_in_pieces
from shared_apps.users.models import User

from . import pdf
from .models import Invoice, InvoiceDocument, TaxRate

VIEW, CREDIT = "invoices.view_invoice", "invoices.credit_invoice"


def standard_rate(country: str, on: date) -> Decimal | None:
    """The standard rate of a country on a day, in percent; None for a country without one."""
    rows = TaxRate.objects.filter(country=country, valid_from__lte=on).order_by("-valid_from")
    return rows.values_list("percent", flat=True).first()


def visible_invoices(actor: Actor) -> QuerySet[Invoice]:
    """What the actor may read here, newest first."""
    return scope(_here(), actor, VIEW, own=_own(actor))


def get_invoice(actor: Actor, invoice_id: UUID) -> Invoice:
    """One document. Raises NotFoundError."""
    invoice = visible_invoices(actor).filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFoundError("not_found", _("Not found."))
    return invoice


def get_for_credit(actor: Actor, invoice_id: UUID) -> Invoice:
    """One document to be credited. Raises NotFoundError, ForbiddenError."""
    return get_for(actor, _here(), VIEW, CREDIT, invoice_id, own=_own(actor))


def matching(rows: QuerySet[Invoice], text: str) -> QuerySet[Invoice]:
    """Those whose number, reference or buyer holds a text."""
    return rows.filter(
        Q(number__icontains=text) | Q(reference__icontains=text) | Q(buyer_details__name__icontains=text)
    )


def notes_of(actor: Actor, invoice: Invoice) -> QuerySet[Invoice]:
    """The credit notes that correct an invoice, oldest first."""
    return visible_invoices(actor).filter(corrects_id=invoice.pk).order_by("issued_at", "id")


def document_of(invoice: Invoice) -> tuple[bytes, str]:
    """The PDF and its SHA-256: as it was kept, and before the worker has made it, the same bytes made now."""
    with platform_context():
        kept = InvoiceDocument.objects.filter(pk=invoice.pk).first()
        if kept is not None:
            return bytes(kept.content), kept.sha256
        content = pdf.render(invoice)
    return content, hashlib.sha256(content).hexdigest()


def sections_of(user_id: int) -> Iterator[tuple[str, Iterator[dict[str, Any]]]]:
    """What was sold to a person here, for "download my data"."""
    yield "invoices", rows_in_pieces(Invoice.objects.filter(user_id=user_id))


def _here() -> QuerySet[Invoice]:
    rows = Invoice.objects.all()
    return rows.filter(seller=None) if current_schema() == PUBLIC else rows


def _own(actor: Actor) -> Q:
    if actor.user_id is None:
        return Q(pk__in=[])
    if not actor.on_platform:
        return Q(user_id=actor.user_id)
    home = User.objects.filter(pk=actor.user_id, tenant__isnull=False).values("tenant_id")
    return Q(user_id=actor.user_id) | Q(buyer_tenant_id__in=home)
