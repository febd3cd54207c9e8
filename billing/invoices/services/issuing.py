"""Giving an invoice its number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.invoices import options, parties, queries
from billing.invoices.events import InvoiceIssued
from billing.invoices.models import Invoice, Kind, NumberSeries, State
from billing.invoices.parties import Buyer, Line, Quote
from billing.invoices.rules import amounts, states, tax
from shared_apps.core.background import enqueue
from shared_apps.core.branding import brand_of
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError, DomainError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from shared_apps.core.money import MINOR_DIGITS
from shared_apps.users.hosts import HostTenant, inside


def issue(
    *,
    seller: HostTenant | None,
    buyer: Buyer,
    lines: Sequence[Line],
    currency: str,
    reference: str,
    due: date | None,
    key: str,
    payment: str = "",
) -> Invoice:
    """Step: issue an invoice; the same key again answers with the first one.

    ``seller`` None is the platform. ``reference`` says what it is for (``subscription:<id>``). ``due`` None:
    it is paid already, by ``payment`` (the payment's id). Its number, the next one of the seller's year, is
    held until the caller commits, and given back if it does not: call this last in a transaction. The buyer
    gets the document by e-mail after the commit. Raises DomainError for lines that make no invoice,
    ConflictError ``invoices.key_reused`` for a key of another invoice.
    """
    _require_transaction()
    digest = _digest(buyer, lines, currency, reference, due)
    with platform_context():
        if (known := issued_before(seller, key, digest)) is not None:
            return known
        now = timezone.now()
        series, day = take_number(seller, Kind.INVOICE, now)
        if (known := issued_before(seller, key, digest)) is not None:  # committed while we waited
            return known
        details = parties.seller_details(seller)
        totals, treatment = _totals(seller, details, buyer, lines, currency, day)
        rate = rate_text(totals.rates[0].rate)  # one for all lines: the regime's
        prefix = options.INVOICE_PREFIX.value_for(parties.schema_of(seller))
        invoice = Invoice(
            seller_id=None if seller is None else seller.pk,
            buyer_tenant_id=None if buyer.tenant is None else buyer.tenant.pk,
            user_id=buyer.user_id,
            year=series.year,
            sequence=series.last + 1,
            number=states.number_text(prefix, series.year, series.last + 1),
            key=key,
            request_hash=digest,
            reference=reference,
            seller_details=asdict(details),
            buyer_details=parties.snapshot(buyer),
            language=parties.language_of(buyer, seller),
            currency=currency,
            lines=[
                parties.plain_line(line) | {"net_minor": part.net, "tax_minor": part.tax, "rate": rate}
                for line, part in zip(lines, totals.lines, strict=True)
            ],
            taxes=[plain_rate(each) for each in totals.rates],
            includes_tax=_includes_tax(seller),
            net_minor=totals.net,
            tax_minor=totals.tax,
            gross_minor=totals.gross,
            regime=treatment.regime.value,
            issued_at=now,
            issued_on=day,
            due_on=due,
            state=State.PAID if due is None else State.OPEN,
            paid_at=now if due is None else None,
            payment=payment,
        )
        give_number(series, invoice)
    with inside(seller):
        emit(issued(invoice))
    return invoice


def quote(
    *, seller: HostTenant | None, buyer: Buyer, lines: Sequence[Line], currency: str, on: date | None = None
) -> Quote:
    """What an invoice with these lines would come to now; nothing is written. Raises DomainError."""
    with platform_context():
        day = on or day_of(seller, timezone.now())
        totals, treatment = _totals(seller, parties.seller_details(seller), buyer, lines, currency, day)
    taxes = tuple(plain_rate(each) for each in totals.rates)
    return Quote(totals.net, totals.tax, totals.gross, treatment.regime.value, taxes)


def _totals(
    seller: HostTenant | None,
    details: parties.Seller,
    buyer: Buyer,
    lines: Sequence[Line],
    currency: str,
    day: date,
) -> tuple[amounts.Totals, tax.Treatment]:
    if currency not in MINOR_DIGITS:
        raise DomainError(
            "invoices.currency",
            _("%(currency)s is no known currency.") % {"currency": currency},
            field="currency",
        )
    schema = parties.schema_of(seller)
    treatment = tax.treatment(
        details.party, parties.party_of(buyer), one_stop=options.ONE_STOP_SHOP.value_for(schema)
    )
    percent = Decimal(0)
    if treatment.rate_of:
        own = options.DOMESTIC_PERCENT.value_for(schema) if treatment.rate_of == details.country else ""
        found = Decimal(own) if own else queries.standard_rate(treatment.rate_of, day)
        if found is None:
            raise DomainError(
                "invoices.no_rate",
                _("There is no tax rate for %(country)s. Set the option of the rate at home.")
                % {"country": treatment.rate_of},
                field="country",
            )
        percent = found.normalize()
    try:
        totals = amounts.total(
            [amounts.PricedLine(line.quantity, line.unit_minor, percent) for line in lines],
            includes_tax=_includes_tax(seller),
        )
    except amounts.Unusable as problem:
        raise DomainError(
            "invoices.lines",
            _("These lines make no invoice: %(problem)s.") % {"problem": problem},
            field=problem.field,
        ) from None
    return totals, treatment


def _includes_tax(seller: HostTenant | None) -> bool:
    return options.PRICES_INCLUDE_TAX.value_for(parties.schema_of(seller))


def rate_text(rate: Decimal) -> str:
    """``20``, ``5.5``"""
    return f"{rate.normalize():f}"


def plain_rate(each: amounts.RateAmounts) -> dict[str, Any]:
    """What a rate comes to, as JSON."""
    return {"rate": rate_text(each.rate), "net_minor": each.net, "tax_minor": each.tax}


def day_of(seller: HostTenant | None, now: datetime) -> date:
    """The seller's day."""
    zone = brand_of(parties.schema_of(seller)).time_zone
    return now.astimezone(ZoneInfo(zone or "UTC")).date()


def take_number(seller: HostTenant | None, kind: Kind, now: datetime) -> tuple[NumberSeries, date]:
    """Lock the seller's series of this year, and say which day the next document of it bears.

    Later numbers never bear earlier days, whoever waited for whom.
    """
    day = day_of(seller, now)
    wanted = {"seller_id": None if seller is None else seller.pk, "kind": kind, "year": day.year}
    series = lock_one(NumberSeries.objects.filter(**wanted))
    if series is None:
        NumberSeries.objects.bulk_create([NumberSeries(**wanted)], ignore_conflicts=True)
        series = lock_one(NumberSeries.objects.filter(**wanted))
        assert series is not None  # made above, and rows are never deleted
    return series, max(day, series.last_on or day)


def give_number(series: NumberSeries, invoice: Invoice) -> None:
    """Store the document and move its series on, in the caller's transaction."""
    invoice.save(force_insert=True)
    series.last, series.last_on = invoice.sequence, invoice.issued_on
    series.save(update_fields=["last", "last_on"])
    enqueue("invoices.send_document", invoice_id=invoice.pk)


def issued_before(seller: HostTenant | None, key: str, digest: str) -> Invoice | None:
    """The document that was issued by this key. Raises ConflictError where it was another one."""
    known = Invoice.objects.filter(seller_id=None if seller is None else seller.pk, key=key).first()
    if known is not None and known.request_hash != digest:
        raise ConflictError(
            "invoices.key_reused", _("This key was used for another invoice."), details={"key": [key]}
        )
    return known


def issued(invoice: Invoice) -> InvoiceIssued:
    """The event that a document was issued."""
    return InvoiceIssued(
        invoice_id=invoice.pk,
        kind=invoice.kind,
        number=invoice.number,
        user_id=invoice.user_id,
        currency=invoice.currency,
        gross_minor=int(invoice.gross_minor),
        reference=invoice.reference,
        corrects=invoice.corrects_id,
        reason=invoice.reason,
    )


def _digest(buyer: Buyer, lines: Sequence[Line], currency: str, reference: str, due: date | None) -> str:
    """What must be the same when a key comes again: the sale, not how the buyer's address is spelled."""
    return hash_of(
        {
            "user": buyer.user_id,
            "tenant": None if buyer.tenant is None else buyer.tenant.pk,
            "lines": [parties.plain_line(line) for line in lines],
            "currency": currency,
            "reference": reference,
            "paid": due is None,
        }
    )


def hash_of(content: dict[str, Any]) -> str:
    """SHA-256 of JSON in one spelling."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an invoice is issued in the caller's transaction")
