"""The PDF read back: what stands on it, in each language, on every page, and always the same bytes."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction
from django.utils import translation
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from billing.invoices import pdf, queries, services, tasks  # noqa: F401 - so that Celery knows them
from billing.invoices.models import Invoice
from billing.invoices.parties import Line
from billing.invoices.services import documents
from shared_apps.tenants.models import Tenant
from tests.invoices.selling import ANNA, PRO, french_seller, sell
from tests.support.outbox import run_pending

pytestmark = pytest.mark.req("F41")
IVAN = replace(ANNA, name="Иван Ёлкин & <b>Söhne</b>", language="ru")


def issued(acme: Tenant, **changes: object) -> Invoice:
    with french_seller(), transaction.atomic():
        return sell(acme, **changes)


def text_of(content: bytes) -> str:
    """All words with single spaces, pages after each other."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def test_it_says_who_what_and_how_much(in_acme: Tenant) -> None:
    lines = [PRO, Line(description="Seats", unit_minor=1250, quantity=Decimal("2.5"))]
    invoice = issued(in_acme, lines=lines, due=date(2026, 12, 4))
    text = text_of(pdf.render(invoice))
    for words in (
        "Invoice", invoice.number, "Salle des Échanges SARL", "1 rue de la Bourse, 75002 Paris", "France",
        "FR83404833048", "Anna Example", "Hauptstraße 1, 10115 Berlin", "Germany", "Plan Pro, one month",
        "2.5 12.50 EUR 20 % 31.25 EUR", "Net 66.87 EUR", "Tax, 20 % of 66.87 EUR 13.38 EUR", "Total 80.25 EUR",
        "4 December 2026", "FR76 3000 6000 0112 3456 7890 189", "Page 1 of 1", "subscription:1",
    ):  # fmt: skip
        assert words in text, words
    assert (invoice.net_minor, invoice.tax_minor, invoice.gross_minor) == (6687, 1338, 8025)


@pytest.mark.parametrize(
    ("language", "amount"), [("en", "49.00 EUR"), ("fr", "49,00 EUR"), ("ru", "49,00 EUR")]
)
def test_it_is_written_in_the_buyers_language(in_acme: Tenant, language: str, amount: str) -> None:
    invoice = issued(in_acme, buyer=replace(IVAN, language=language))
    with translation.override("en"):
        content = pdf.render(invoice)
    text = text_of(content)
    assert amount in text
    assert "Иван Ёлкин & <b>Söhne</b>" in text  # people's own words, in their letters, never markup
    with translation.override(language):
        assert translation.gettext("Total") in text
    assert PdfReader(io.BytesIO(content)).trailer["/Root"]["/Lang"] == language


def test_its_letters_are_embedded(in_acme: Tenant) -> None:
    page = PdfReader(io.BytesIO(pdf.render(issued(in_acme, buyer=IVAN)))).pages[0]
    fonts = [each.get_object() for each in page["/Resources"]["/Font"].values()]  # type: ignore[union-attr]
    used = {str(font["/BaseFont"]): font for font in fonts if "NotoSans" in str(font["/BaseFont"])}
    assert used
    for font in used.values():
        assert isinstance(font["/FontDescriptor"].raw_get("/FontFile2"), IndirectObject)
    width, height = (float(side) for side in page.mediabox[2:])
    assert (round(width), round(height)) == (595, 842)  # A4


def test_many_lines_fill_pages_with_their_numbers_and_the_head_again(in_acme: Tenant) -> None:
    lines = [replace(PRO, description=f"Line {number}") for number in range(70)]
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(
        io.BytesIO(pdf.render(issued(in_acme, lines=lines)))
    ).pages]  # fmt: skip
    assert len(pages) > 1
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text
        assert ("Description" in text) is ("Line " in text)
    assert "Total 3,430.00 EUR" in pages[-1]
    assert all(any(f"Line {number} " in text for text in pages) for number in range(70))


@pytest.mark.parametrize(
    ("buyer", "words"),
    [
        ({"vat_id": "DE136695976"}, "Reverse charge: the recipient owes the tax"),
        ({"country": "US"}, "Not taxable in the seller's country"),
    ],
    ids=["reverse charge", "outside"],
)
@pytest.mark.req("F42")
def test_it_says_why_there_is_no_tax(in_acme: Tenant, buyer: dict, words: str) -> None:
    text = text_of(pdf.render(issued(in_acme, buyer=replace(ANNA, **buyer))))
    assert words in text and "Tax, 0 % of 49.00 EUR 0.00 EUR" in text
    assert "VAT id: DE136695976" in text or "vat_id" not in buyer


def test_a_credit_note_names_what_it_corrects(in_acme: Tenant) -> None:
    invoice = issued(in_acme)
    with transaction.atomic():
        note = services.credit(
            seller=in_acme, invoice_id=invoice.pk, minor_units=1000, reason="Too much", key="c"
        )
    text = text_of(pdf.render(note))
    for words in ("Credit note", note.number, f"Credit for invoice {invoice.number}", "Credited 10.00 EUR",
                  "Reason: Too much"):  # fmt: skip
        assert words in text, words


def test_the_same_bytes_before_and_after_it_is_kept(in_acme: Tenant) -> None:
    invoice = issued(in_acme)
    made, digest = queries.document_of(invoice)
    run_pending("public", app="invoices.")
    kept = documents.make_document(invoice_id=invoice.pk)
    assert (kept, digest) == (made, queries.document_of(invoice)[1])
    with french_seller(SELLER_NAME="Somebody Else"):
        assert pdf.render(invoice) == made
