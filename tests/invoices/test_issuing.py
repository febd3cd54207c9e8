"""Issuing, paying and crediting on the real database: numbers, keys, taxes, and that nothing changes after."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import AuditLog
from billing.invoices import services, tasks  # noqa: F401 - so that Celery knows them
from billing.invoices.models import Invoice, InvoiceDocument, Kind, NumberSeries
from billing.invoices.parties import Buyer
from billing.invoices.queries import standard_rate
from billing.payments.events import PaymentRefunded
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.invoices.selling import ANNA, PRO, french_seller, sell
from tests.support.outbox import run_pending

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def shop(in_acme: Tenant) -> Iterator[Tenant]:
    """Inside acme, which sells from France, in a transaction."""
    with french_seller(), transaction.atomic():
        yield in_acme


@pytest.mark.req("F41")
def test_an_invoice_holds_both_sides_the_sums_and_the_next_number(shop: Tenant) -> None:
    first, second = sell(shop), sell(shop, "test:2")
    year = first.issued_on.year
    assert (first.number, second.number) == (f"INV-{year}-00001", f"INV-{year}-00002")
    assert first.seller_details["name"] == "Salle des Échanges SARL"
    assert first.seller_details["vat_id"] == "FR83404833048"
    assert first.buyer_details == {
        "name": "Anna Example", "address": "Hauptstraße 1, 10115 Berlin", "country": "DE", "vat_id": "",
        "email": "anna@example.com",
    }  # fmt: skip
    assert (first.net_minor, first.tax_minor, first.gross_minor) == (4083, 817, 4900)
    assert first.taxes == [{"rate": "20", "net_minor": 4083, "tax_minor": 817}]
    assert first.lines == [
        {
            "description": "Plan Pro, one month", "product": "plan:pro", "quantity": "1", "unit_minor": 4900,
            "net_minor": 4083, "tax_minor": 817, "rate": "20",
        }
    ]  # fmt: skip
    assert (first.state, first.regime, first.due_on) == ("paid", "domestic", None)


@pytest.mark.parametrize(
    ("changes", "buyer", "regime", "net", "tax"),
    [
        ({}, {}, "domestic", 4083, 817),
        ({"PRICES_INCLUDE_TAX": False}, {}, "domestic", 4900, 980),
        ({"ONE_STOP_SHOP": True}, {}, "one_stop", 4118, 782),
        ({}, {"vat_id": "DE136695976"}, "reverse_charge", 4900, 0),
        ({}, {"vat_id": "DE136695977"}, "domestic", 4083, 817),
        ({}, {"country": "US"}, "outside", 4900, 0),
        ({"SELLER_VAT_ID": ""}, {}, "not_registered", 4900, 0),
        ({"SELLER_VAT_ID": "FR00404833048"}, {}, "not_registered", 4900, 0),
        ({"DOMESTIC_PERCENT": "10"}, {}, "domestic", 4455, 445),
    ],
    ids=[
        "consumer", "tax on top", "one-stop shop", "business", "wrong vat id", "abroad", "not registered",
        "seller's wrong vat id", "own rate",
    ],
)  # fmt: skip
@pytest.mark.req("F42")
def test_the_tax_follows_from_both_sides(
    shop: Tenant, changes: dict, buyer: dict, regime: str, net: int, tax: int
) -> None:
    with french_seller(**changes):
        who = replace(ANNA, **buyer)
        quote = services.quote(seller=shop, buyer=who, lines=[PRO], currency="EUR")
        invoice = sell(shop, buyer=who)
    assert (invoice.regime, invoice.net_minor, invoice.tax_minor) == (regime, net, tax)
    assert invoice.gross_minor == net + tax
    assert (quote.regime, quote.net_minor, quote.tax_minor, quote.gross_minor) == (
        regime,
        net,
        tax,
        net + tax,
    )


def test_rates_hold_from_their_day(acme: Tenant) -> None:
    assert standard_rate("EE", date(2024, 1, 1)) == Decimal(22)
    assert standard_rate("EE", date(2025, 6, 30)) == Decimal(22)
    assert standard_rate("EE", date(2025, 7, 1)) == Decimal(24)
    assert standard_rate("FI", date(2026, 1, 1)) == Decimal("25.5")
    assert standard_rate("US", date(2026, 1, 1)) is None


def test_without_a_rate_the_message_says_where_to_set_one(shop: Tenant) -> None:
    with french_seller(SELLER_COUNTRY="AU", SELLER_VAT_ID="51824753556"), pytest.raises(DomainError) as no:
        sell(shop, buyer=replace(ANNA, country="AU"))
    assert no.value.code == "invoices.no_rate"


@pytest.mark.req("F41")
def test_the_same_key_answers_with_the_first_invoice(shop: Tenant) -> None:
    first = sell(shop)
    assert sell(shop) == first
    with platform_context():
        assert NumberSeries.objects.get(seller_id=shop.pk).last == 1
    with pytest.raises(ConflictError) as reused:
        sell(shop, lines=[replace(PRO, unit_minor=1)])
    assert reused.value.code == "invoices.key_reused"


def test_each_seller_counts_for_itself(globex: Tenant, in_acme: Tenant) -> None:
    with transaction.atomic():
        numbers = [sell(seller).sequence for seller in (in_acme, None)]
    with tenant_context(globex), transaction.atomic():
        numbers.append(sell(globex).sequence)
    assert numbers == [1, 1, 1]


def test_each_year_begins_anew(shop: Tenant) -> None:
    year = timezone.now().year
    with platform_context():
        NumberSeries.objects.create(seller_id=shop.pk, kind=Kind.INVOICE, year=year - 1, last=41)
    assert sell(shop).sequence == 1


def test_a_later_number_never_bears_an_earlier_day(shop: Tenant) -> None:
    """Who waited for the number over midnight gets the day of the one before."""
    tomorrow = sell(shop).issued_on + timedelta(days=1)
    with platform_context():
        NumberSeries.objects.filter(seller_id=shop.pk).update(last_on=tomorrow)
    assert sell(shop, "test:2").issued_on == tomorrow


def test_it_is_told_inside_the_seller(shop: Tenant, person: Callable[[str], User]) -> None:
    trader = person("trader@acme")
    invoice = sell(shop, buyer=replace(ANNA, user_id=trader.pk))
    told = AuditLog.objects.get(action="invoices.invoice_issued")
    assert (told.object_pk, told.target_id) == (str(invoice.pk), trader.pk)
    assert told.details["gross_minor"] == 4900


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_issued() -> None:
    acme = Tenant.objects.get(slug="acme")
    with tenant_context(acme), pytest.raises(transaction.TransactionManagementError):
        sell(acme)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines": []}, "lines"),
        ({"currency": "XXX"}, "currency"),
        ({"lines": [replace(PRO, unit_minor=-1)]}, "lines"),
    ],
    ids=["none", "currency", "negative"],
)
def test_what_is_no_invoice_says_which_part(shop: Tenant, changes: dict, field: str) -> None:
    with pytest.raises(DomainError) as refused:
        sell(shop, **changes)
    assert refused.value.field == field
    with platform_context():
        assert not NumberSeries.objects.filter(last__gt=0).exists()


class TestPaying:
    def test_an_open_invoice_is_paid_once(self, shop: Tenant) -> None:
        invoice = sell(shop, due=date(2026, 12, 1))
        assert (invoice.state, invoice.paid_at) == ("open", None)
        for _again in range(2):
            paid = services.mark_paid(seller=shop, invoice_id=invoice.pk, at=NOW, payment="p1")
        assert (paid.state, paid.paid_at, paid.payment) == ("paid", NOW, "p1")
        assert AuditLog.objects.filter(action="invoices.invoice_paid").count() == 1
        with pytest.raises(ConflictError):
            services.mark_paid(seller=shop, invoice_id=invoice.pk, at=NOW, payment="p2")

    def test_nobody_pays_another_sellers_invoice(self, globex: Tenant, shop: Tenant) -> None:
        invoice = sell(shop, due=date(2026, 12, 1))
        for seller in (None, globex):
            with pytest.raises(NotFoundError):
                services.mark_paid(seller=seller, invoice_id=invoice.pk, at=NOW, payment="p1")


@pytest.mark.req("F42")
class TestCrediting:
    def credit(self, shop: Tenant, invoice: Invoice, minor: int | None, key: str = "credit:1") -> Invoice:
        return services.credit(
            seller=shop, invoice_id=invoice.pk, minor_units=minor, reason="Cancelled", key=key
        )

    def test_in_whole(self, shop: Tenant) -> None:
        invoice = sell(shop)
        note = self.credit(shop, invoice, None)
        invoice.refresh_from_db()
        assert (note.kind, note.corrects, note.reason) == (Kind.CREDIT_NOTE, invoice, "Cancelled")
        assert note.number == f"CN-{note.year}-00001"
        assert (note.net_minor, note.tax_minor, note.gross_minor) == (4083, 817, 4900)
        assert (invoice.state, invoice.credited_minor, invoice.open_minor) == ("credited", 4900, 0)
        with pytest.raises(ConflictError) as nothing:
            self.credit(shop, invoice, None, "credit:2")
        assert nothing.value.code == "invoices.nothing_open"

    def test_in_parts_that_add_up_to_the_invoice(self, shop: Tenant) -> None:
        invoice = sell(shop)
        notes = [self.credit(shop, invoice, part, f"credit:{part}") for part in (1000, 333, None)]
        assert [int(note.gross_minor) for note in notes] == [1000, 333, 3567]
        assert sum(note.net_minor for note in notes) == invoice.net_minor
        assert sum(note.tax_minor for note in notes) == invoice.tax_minor

    def test_the_same_key_credits_once(self, shop: Tenant) -> None:
        invoice = sell(shop)
        assert self.credit(shop, invoice, 1000) == self.credit(shop, invoice, 1000)
        invoice.refresh_from_db()
        assert (invoice.credited_minor, invoice.state) == (1000, "paid")
        with pytest.raises(ConflictError):
            self.credit(shop, invoice, 1001)

    @pytest.mark.parametrize("minor", [0, -1, 4901])
    def test_no_more_than_there_is(self, shop: Tenant, minor: int) -> None:
        with pytest.raises(DomainError) as refused:
            self.credit(shop, sell(shop), minor)
        assert (refused.value.code, refused.value.field) == ("invoices.too_much", "minor_units")

    def test_a_credit_note_is_no_invoice_and_needs_a_reason(self, shop: Tenant) -> None:
        note = self.credit(shop, sell(shop), 1000)
        with pytest.raises(ConflictError):
            self.credit(shop, note, None, "credit:2")
        with pytest.raises(DomainError) as refused:
            services.credit(
                seller=shop, invoice_id=note.corrects_id, minor_units=1, reason=" ", key="credit:3"
            )
        assert refused.value.field == "reason"


@pytest.mark.req("F42")
@pytest.mark.parametrize(("refunded", "credited"), [(1000, 1000), (4900, 4500)], ids=["part", "all"])
def test_a_refund_corrects_the_invoice_once(in_acme: Tenant, refunded: int, credited: int) -> None:
    """400 were credited by hand before, so of a whole refund only the rest is."""
    payment, refund = uuid4(), uuid4()
    with french_seller(), transaction.atomic():
        invoice = sell(in_acme, payment=str(payment))
        services.credit(seller=in_acme, invoice_id=invoice.pk, minor_units=400, reason="By hand", key="hand")
    event = PaymentRefunded(
        payment_id=payment, refund_id=refund, purpose="subscription", reference="x", provider="lab",
        configuration_id=uuid4(), user_id=None, currency="EUR", minor_units=refunded, key="k",
    )  # fmt: skip
    for _again in range(2):
        with transaction.atomic():
            emit(event)
        for result in run_pending("public", app="invoices."):
            assert result.state == "SUCCESS", result.result
    note = Invoice.objects.get(payment=str(refund))
    assert (note.gross_minor, note.corrects_id, note.key) == (credited, invoice.pk, f"refund:{refund}")
    assert note.reason == "Your payment was refunded."


def test_a_refund_of_what_has_no_invoice_is_nothing(in_acme: Tenant) -> None:
    assert services.credit_refund(payment_id=uuid4(), refund_id=uuid4(), minor_units=5) is None


@pytest.mark.req("F41")
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invoices_invoice SET gross_minor = gross_minor + 1, net_minor = net_minor + 1",
        "UPDATE invoices_invoice SET buyer_details = '{}'",
        "UPDATE invoices_invoice SET number = 'INV-1'",
        "UPDATE invoices_invoice SET paid_at = NULL, state = 'open'",
        "UPDATE invoices_invoice SET state = 'open'",
        "UPDATE invoices_invoice SET payment = 'another'",
        "UPDATE invoices_invoice SET credited_minor = 0",
        "DELETE FROM invoices_invoice",
        "UPDATE invoices_document SET content = ''",
        "DELETE FROM invoices_document",
        "TRUNCATE invoices_invoice CASCADE",
        "ALTER TABLE invoices_invoice DISABLE TRIGGER ALL",
    ],
    ids=[
        "amounts", "buyer", "number", "unpaid", "reopened", "payment", "credit", "deleted", "document",
        "document deleted", "truncated", "trigger",
    ],
)  # fmt: skip
@pytest.mark.hostile_sql
def test_what_was_issued_stays_as_it_was(shop: Tenant, change: str) -> None:
    invoice = sell(shop, payment="p1")
    services.credit(seller=shop, invoice_id=invoice.pk, minor_units=100, reason="x", key="c")
    with platform_context():
        InvoiceDocument.objects.create(invoice=invoice, content=b"%PDF", sha256="0" * 64)
        with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
        assert refused.value.__cause__.sqlstate == "42501"


@pytest.mark.hostile_sql
@pytest.mark.req("F41")
def test_a_tenant_reads_its_own_alone_and_writes_none(globex: Tenant, shop: Tenant) -> None:
    buyer = Buyer(name="Globex", country="FR", tenant=globex)
    mine, of_platform = sell(shop), sell(None, buyer=buyer)
    assert list(Invoice.objects.all()) == [mine]
    with pytest.raises(DatabaseError), transaction.atomic():
        Invoice.objects.filter(pk=mine.pk).update(state="credited")
    with tenant_context(globex):
        assert list(Invoice.objects.all()) == [of_platform]
        with pytest.raises(DatabaseError), transaction.atomic():
            list(InvoiceDocument.objects.all())


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F41")
def test_fifty_at_once_some_given_up_leave_no_gap_and_no_double() -> None:
    acme = Tenant.objects.get(slug="acme")
    barrier = threading.Barrier(10)
    failures: list[BaseException] = []

    class GivenUp(Exception):
        pass

    def work(worker: int) -> None:
        try:
            barrier.wait()
            for number in range(5):
                try:
                    with tenant_context(acme), audit_context(actor_label="test"), transaction.atomic():
                        sell(acme, f"race:{worker}:{number}")
                        if (worker + number) % 3 == 0:
                            raise GivenUp
                except GivenUp:
                    continue
        except BaseException as failure:  # noqa: BLE001 - shown below
            failures.append(failure)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(index,)) for index in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failures
    kept = sum((worker + number) % 3 != 0 for worker in range(10) for number in range(5))
    assert 0 < kept < 50
    found = list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True))
    assert found == list(range(1, kept + 1))


@pytest.mark.django_db(transaction=True)
def test_one_key_from_ten_sides_is_one_invoice() -> None:
    acme = Tenant.objects.get(slug="acme")
    barrier, made = threading.Barrier(10), []

    def work() -> None:
        try:
            barrier.wait()
            with tenant_context(acme), audit_context(actor_label="test"), transaction.atomic():
                made.append(sell(acme).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(made) == 10
    assert len(set(made)) == 1
    assert Invoice.objects.count() == 1
