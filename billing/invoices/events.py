"""What happens to invoices; told inside the seller's tenant, of the platform's own in public."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class InvoiceIssued(Event):
    """An invoice, or a credit note (``kind``) that corrects ``corrects_id``, has its number."""

    name = "invoices.invoice_issued"

    invoice_id: UUID
    kind: str
    number: str
    user_id: int | None
    currency: str
    gross_minor: int
    reference: str
    corrects: UUID | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class InvoicePaid(Event):
    """``payment`` names what paid it."""

    name = "invoices.invoice_paid"

    invoice_id: UUID
    number: str
    user_id: int | None
    payment: str
