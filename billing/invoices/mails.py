"""The e-mails about invoices, each with its PDF."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from shared_apps.core import letters
from shared_apps.core.letters import Attachment, Letterhead
from shared_apps.tenants.models import Domain, Tenant

from .models import Invoice
from .show import as_money

LETTERS: Final = ("invoice", "receipt", "credit_note")


def send(letter: str, invoice: Invoice, content: bytes) -> None:
    """Send one letter to the buyer's address; without an address nothing is sent. In the platform role."""
    address = invoice.buyer_details["email"]
    if not address:
        return
    head = _letterhead(invoice)
    with translation.override(invoice.language):
        context = {
            "invoice": invoice,
            "corrects": invoice.corrects.number if invoice.corrects else "",
            "seller": invoice.seller_details["name"],
            "name": invoice.buyer_details["name"],
            "gross": as_money(int(invoice.gross_minor), invoice.currency),
            "link": f"{head.origin}/invoices/{invoice.pk}/",
        }
        text = render_to_string(f"invoices/mail/{letter}.txt", context)
        letters.send(text, address, head, attachments=[Attachment(f"{invoice.number}.pdf", content)])


def _letterhead(invoice: Invoice) -> Letterhead:
    """The seller's; an organisation reads what it was billed on the platform's host."""
    if invoice.seller_id is None:
        return Letterhead("Tradehall", None, letters.origin_of(settings.BASE_DOMAIN))
    seller: Tenant = Tenant.objects.get(pk=invoice.seller_id)
    host = Domain.objects.filter(tenant=seller, is_primary=True).values_list("domain", flat=True).get()
    return Letterhead(" ".join(seller.name.split()), seller.schema_name, letters.origin_of(str(host)))
