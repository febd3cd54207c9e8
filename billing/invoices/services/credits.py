"""Credit notes: what takes an invoice back, in whole or in part."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing.invoices import options, parties
from billing.invoices.models import Invoice, Kind, State
from billing.invoices.rules import amounts, states
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError, DomainError
from shared_apps.core.events import emit
from shared_apps.tenants.models import Tenant
from shared_apps.users.hosts import HostTenant, inside

from .issuing import give_number, hash_of, issued, issued_before, plain_rate, take_number
from .payments import locked

REASON_LENGTH = 500


def credit(
    *,
    seller: HostTenant | None,
    invoice_id: UUID,
    minor_units: int | None,
    reason: str,
    key: str,
    payment: str = "",
) -> Invoice:
    """Step: issue a credit note over ``minor_units`` of an invoice's gross (None: all that is open of it).

    Net and tax are taken back from each rate in proportion; no sum of credit notes exceeds its invoice.
    ``payment`` names the refund, where money went back. The same key again answers with the first note.
    Raises NotFoundError, DomainError (``minor_units``, ``reason``), ConflictError ``invoices.key_reused``
    or ``invoices.nothing_open``.
    """
    reason = " ".join(reason.split())
    if not reason or len(reason) > REASON_LENGTH:
        raise DomainError(
            "invoices.reason",
            _("Give a reason of at most %(count)d characters.") % {"count": REASON_LENGTH},
            field="reason",
        )
    digest = hash_of({"invoice": str(invoice_id), "minor_units": minor_units})
    with platform_context():
        if (known := issued_before(seller, key, digest)) is not None:
            return known
        invoice = locked(seller, invoice_id)
        if (known := issued_before(seller, key, digest)) is not None:
            return known
        if invoice.is_credit_note:
            raise ConflictError("invoices.is_credit_note", _("A credit note cannot be credited."))
        if not invoice.open_minor:
            raise ConflictError("invoices.nothing_open", _("All of this invoice is credited already."))
        gross = invoice.open_minor if minor_units is None else minor_units
        parts = _parts(invoice, gross)
        now = timezone.now()
        series, day = take_number(seller, Kind.CREDIT_NOTE, now)
        prefix = options.CREDIT_PREFIX.value_for(parties.schema_of(seller))
        note = Invoice(
            seller_id=invoice.seller_id,
            buyer_tenant_id=invoice.buyer_tenant_id,
            user_id=invoice.user_id,
            kind=Kind.CREDIT_NOTE,
            corrects=invoice,
            reason=reason,
            year=series.year,
            sequence=series.last + 1,
            number=states.number_text(prefix, series.year, series.last + 1),
            key=key,
            request_hash=digest,
            reference=invoice.reference,
            seller_details=invoice.seller_details,
            buyer_details=invoice.buyer_details,
            language=invoice.language,
            currency=invoice.currency,
            lines=[
                {
                    "description": invoice.number,
                    "product": _only_product(invoice),
                    "quantity": "1",
                    "unit_minor": each.gross if invoice.includes_tax else each.net,
                    "net_minor": each.net,
                    "tax_minor": each.tax,
                    "rate": plain_rate(each)["rate"],
                }
                for each in parts
            ],
            taxes=[plain_rate(each) for each in parts],
            includes_tax=invoice.includes_tax,
            net_minor=sum(each.net for each in parts),
            tax_minor=sum(each.tax for each in parts),
            gross_minor=gross,
            regime=invoice.regime,
            issued_at=now,
            issued_on=day,
            due_on=None,
            state=State.PAID,
            paid_at=now,
            payment=payment,
        )
        give_number(series, note)
        invoice.credited_minor += gross
        invoice.state = states.state_of(
            gross=int(invoice.gross_minor),
            credited=int(invoice.credited_minor),
            is_paid=invoice.paid_at is not None,
        ).value
        invoice.save(update_fields=["credited_minor", "state"])
    with inside(seller):
        emit(issued(note))
    return note


def credit_refund(*, payment_id: UUID, refund_id: UUID, minor_units: int) -> Invoice | None:
    """Correct the invoice that a payment had paid by what was refunded of it; None where there is none.

    What was credited by hand before is not credited again: at most what is open. A unit of its own,
    idempotent by the refund.
    """
    with platform_context(), transaction.atomic(durable=True):
        paid = Invoice.objects.filter(payment=str(payment_id), kind=Kind.INVOICE).first()
        if paid is None:
            return None
        seller = None if paid.seller_id is None else Tenant.objects.get(pk=paid.seller_id)
        invoice = locked(seller, paid.pk)
        key = f"refund:{refund_id}"
        known = Invoice.objects.filter(seller_id=paid.seller_id, key=key).first()
        if known is not None or not invoice.open_minor:
            return known
        with translation.override(invoice.language):
            reason = _("Your payment was refunded.")
        return credit(
            seller=seller,
            invoice_id=invoice.pk,
            minor_units=min(minor_units, invoice.open_minor),
            reason=reason,
            key=key,
            payment=str(refund_id),
        )


def _parts(invoice: Invoice, gross: int) -> tuple[amounts.RateAmounts, ...]:
    taken = [each for note in invoice.credit_notes.all() for each in _rates_of(note)]
    try:
        return amounts.share(gross, amounts.remaining(_rates_of(invoice), taken))
    except amounts.Unusable:
        raise DomainError(
            "invoices.too_much",
            _("At most what is still open of the invoice can be credited, and more than nothing."),
            field="minor_units",
            details={"open_minor": [str(invoice.open_minor)]},
        ) from None


def _rates_of(document: Invoice) -> list[amounts.RateAmounts]:
    return [
        amounts.RateAmounts(each["net_minor"], each["tax_minor"], Decimal(each["rate"]))
        for each in document.taxes
    ]


def _only_product(invoice: Invoice) -> str:
    """What the invoice was for, where it was for one thing alone."""
    products = {line["product"] for line in invoice.lines}
    return products.pop() if len(products) == 1 else ""
