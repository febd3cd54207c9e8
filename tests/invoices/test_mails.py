"""Invoices and receipts by e-mail: after the commit, in the buyer's language, with the PDF."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.core import mail
from django.db import transaction

from billing.invoices import services, tasks  # noqa: F401 - so that Celery knows them
from shared_apps.tenants.models import Tenant
from tests.invoices.selling import ANNA, french_seller, sell
from tests.support.letters import links_in, parts_of
from tests.support.outbox import run_pending

pytestmark = pytest.mark.req("F41")


def sent() -> list[mail.EmailMultiAlternatives]:
    """Do the worker's work and take what went out."""
    for result in run_pending("public", app="invoices."):
        assert result.state == "SUCCESS", result.result
    found, mail.outbox[:] = list(mail.outbox), []
    return found


def test_an_open_invoice_goes_out_and_its_receipt_when_it_is_paid(in_acme: Tenant) -> None:
    with french_seller():
        with transaction.atomic():
            invoice = sell(in_acme, due=date(2026, 12, 4))
        assert mail.outbox == []
        (first,) = sent()
        with transaction.atomic():
            services.mark_paid(
                seller=in_acme, invoice_id=invoice.pk, at=datetime(2026, 12, 1, tzinfo=UTC), payment="p1"
            )
        (receipt,) = sent()
    assert (first.to, first.subject) == (
        ["anna@example.com"],
        f"Invoice {invoice.number} from Salle des Échanges SARL",
    )
    assert "Please pay by 4 December 2026" in parts_of(first)[0]
    assert receipt.subject == f"Receipt from Salle des Échanges SARL: {invoice.number}"
    for message in (first, receipt):
        ((name, content, kind),) = message.attachments
        assert (name, kind) == (f"{invoice.number}.pdf", "application/pdf")
        assert content.startswith(b"%PDF") and content == first.attachments[0][1]
        text, html = parts_of(message)
        assert links_in(html) == [f"http://acme.localhost:8000/invoices/{invoice.pk}/"]
        assert links_in(html)[0] in text and "49.00" in text
        assert "Acme" in message.from_email


def test_what_is_paid_already_gets_one_receipt(in_acme: Tenant) -> None:
    with transaction.atomic():
        sell(in_acme, payment="p1")
    (message,) = sent()
    assert message.subject.startswith("Receipt from")


def test_paid_before_the_worker_looked_is_one_receipt(in_acme: Tenant) -> None:
    with transaction.atomic():
        invoice = sell(in_acme, due=date(2026, 12, 4))
        services.mark_paid(
            seller=in_acme, invoice_id=invoice.pk, at=datetime(2026, 12, 1, tzinfo=UTC), payment="p1"
        )
    assert [message.subject[:7] for message in sent()] == ["Receipt"]


def test_a_credit_note_says_why(in_acme: Tenant) -> None:
    with transaction.atomic():
        invoice = sell(in_acme)
        services.credit(seller=in_acme, invoice_id=invoice.pk, minor_units=1000, reason="Cancelled", key="c")
    message = sent()[-1]
    text, _html = parts_of(message)
    assert message.subject.startswith("Credit note CN-")
    assert "10.00" in text and invoice.number in text and "Reason: Cancelled" in text


def test_without_an_address_the_document_is_kept_and_nothing_sent(in_acme: Tenant) -> None:
    with transaction.atomic():
        sell(in_acme, buyer=replace(ANNA, email=""))
    assert sent() == []


def test_the_platforms_own_leads_to_the_platforms_host(in_acme: Tenant) -> None:
    with transaction.atomic():
        invoice = sell(None, buyer=replace(ANNA, tenant=in_acme, language="fr"))
    (message,) = sent()
    assert links_in(parts_of(message)[1]) == [f"http://localhost:8000/invoices/{invoice.pk}/"]
    assert '<html lang="fr"' in parts_of(message)[1]


def test_what_is_rolled_back_sends_nothing(in_acme: Tenant) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        sell(in_acme)
        raise ZeroDivisionError
    assert sent() == []
