"""Invoices over the API and on the pages of both hosts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.invoices.models import Invoice
from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Session, User
from tests.invoices.selling import ANNA, french_seller, sell
from tests.support.api import Api, error_of
from tests.support.pages import visitor

Person = Callable[[str], User]


def bought(acme: Tenant, person: Person, key: str = "test:1", **changes: object) -> Invoice:
    """An invoice of acme for its trader."""
    with french_seller(), transaction.atomic():
        return sell(acme, key, buyer=replace(ANNA, user_id=person("trader@acme").pk), **changes)


@pytest.mark.req("F41")
def test_the_buyer_reads_and_fetches_it(in_acme: Tenant, person: Person) -> None:
    invoice = bought(in_acme, person)
    trader = Api("acme", "trader@acme.example.com")
    (row,) = trader.get("invoices/").json()["results"]
    assert row["number"] == invoice.number
    assert (row["gross"], row["net"]) == (
        {"amount": "49.00", "currency": "EUR"}, {"amount": "40.83", "currency": "EUR"},
    )  # fmt: skip
    assert (row["buyer"]["name"], row["seller"]["vat_id"]) == ("Anna Example", "FR83404833048")
    assert trader.get(f"invoices/{invoice.pk}/").json() == row
    document = trader.get(f"invoices/{invoice.pk}/pdf/")
    assert (document["Content-Type"], document.content[:4]) == ("application/pdf", b"%PDF")
    assert document["Content-Disposition"] == f'inline; filename="{invoice.number}.pdf"'
    assert trader.get("invoices/?state=open").json()["results"] == []
    error_of(trader.get("invoices/?stat=open"), 400)


@pytest.mark.req("F41", "C14")
def test_nobody_else_does_but_the_sellers_staff(in_acme: Tenant, person: Person) -> None:
    invoice = bought(in_acme, person)
    for who, status in (("buyer", 404), ("staff", 200), ("auditor", 200), ("owner", 200)):
        for path in ("", "pdf/"):
            answer = Api("acme", f"{who}@acme.example.com").get(f"invoices/{invoice.pk}/{path}")
            assert answer.status_code == status, (who, path)
    assert Api("globex", "owner@globex.example.com").get(f"invoices/{invoice.pk}/").status_code == 404
    platform = Api(None, "superadmin@example.com")
    assert platform.get("invoices/").json()["results"] == []
    assert platform.get(f"invoices/{invoice.pk}/").status_code == 404


@pytest.mark.req("F41")
def test_the_platforms_invoices_are_read_by_both_sides(acme: Tenant, globex: Tenant) -> None:
    with transaction.atomic():
        invoice = sell(None, buyer=replace(ANNA, tenant=acme))
    readers = {
        (None, "superadmin@example.com"): 200, (None, "auditor@example.com"): 200,
        (None, "owner@acme.example.com"): 200, (None, "owner@globex.example.com"): 404,
        (None, "trader@acme.example.com"): 403, ("acme", "owner@acme.example.com"): 200,
        ("acme", "trader@acme.example.com"): 404, ("globex", "owner@globex.example.com"): 404,
    }  # fmt: skip
    for (slug, email), status in readers.items():
        answer = Api(slug, email).get(f"invoices/{invoice.pk}/")
        assert answer.status_code == status, (slug, email, answer.content)
    staff = Api("acme", "staff@acme.example.com")
    refused = error_of(staff.post(f"invoices/{invoice.pk}/credit/", {"reason": "Mine"}), 403)
    assert refused["code"] == "invoices.not_seller"


@pytest.mark.req("F42")
def test_the_staff_credits_with_a_fresh_proof(in_acme: Tenant, person: Person) -> None:
    invoice = bought(in_acme, person)
    staff = Api("acme", "staff@acme.example.com")
    path, body = f"invoices/{invoice.pk}/credit/", {"reason": "Cancelled"}
    body["amount"] = {"amount": "10.00", "currency": "EUR"}
    first = staff.post(path, body, Idempotency_Key="once")
    assert (first.status_code, first.json()["gross"]["amount"]) == (201, "10.00"), first.content
    assert staff.post(path, body, Idempotency_Key="once").json() == first.json()
    assert staff.get(f"invoices/{invoice.pk}/").json()["credited"]["amount"] == "10.00"
    too_much = error_of(staff.post(path, {**body, "amount": {"amount": "39.01", "currency": "EUR"}}), 400)
    assert too_much["code"] == "invoices.too_much"
    wrong = error_of(staff.post(path, {**body, "amount": {"amount": "1.00", "currency": "USD"}}), 400)
    assert wrong["code"] == "invoices.currency"
    error_of(Api("acme", "trader@acme.example.com").post(path, body), 403)
    with platform_context(), transaction.atomic():
        Session.objects.update(verified_at=None)
    assert error_of(staff.post(path, body), 403)["code"] == "step_up_required"
    assert Invoice.objects.filter(kind="credit_note").count() == 1


@pytest.mark.req("F42")
def test_the_staffs_form_sent_twice_is_one_note(in_acme: Tenant, person: Person) -> None:
    invoice = bought(in_acme, person)
    staff = visitor("acme", "staff")
    page = f"/invoices/{invoice.pk}/"
    assert f'action="{page}credit/"' in staff.get(page).content.decode()
    form = {"amount": "12.50", "reason": "Too <b>dear</b>", "key": str(uuid4())}
    for _twice in range(2):
        answer = staff.post(f"{page}credit/", form)
        assert answer.status_code == 302, answer.content.decode()
    shown = staff.get(answer["Location"]).content.decode()
    assert "Too &lt;b&gt;dear" in shown and invoice.number in shown
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    for wrong in (
        {**form, "amount": "12.505", "key": str(uuid4())},
        {**form, "amount": "99", "key": str(uuid4())},
    ):
        refused = staff.post(f"{page}credit/", wrong)
        assert refused.status_code == 400
        assert 'aria-invalid="true"' in refused.content.decode()


@pytest.mark.req("F41")
def test_pages_show_a_subscriber_their_own_and_no_form(in_acme: Tenant, person: Person) -> None:
    invoice = bought(in_acme, person)
    trader = visitor("acme", "trader")
    listed = trader.get("/invoices/").content.decode()
    assert invoice.number in listed and "49.00" in listed
    assert "credit/" not in trader.get(f"/invoices/{invoice.pk}/").content.decode()
    assert trader.get(f"/invoices/{invoice.pk}/pdf/").content.startswith(b"%PDF")
    assert trader.get(f"/invoices/{invoice.pk}/credit/").status_code == 403
    assert "No invoice yet" in visitor("acme", "buyer").get("/invoices/").content.decode()
    for query, shown in (
        ("?q=anna", True),
        ("?q=nobody", False),
        ("?state=open", False),
        ("?kind=invoice", True),
    ):
        assert (invoice.number in trader.get(f"/invoices/{query}").content.decode()) is shown, query


def test_a_list_asks_as_often_for_three_as_for_one(in_acme: Tenant, person: Person) -> None:
    staff, page = Api("acme", "staff@acme.example.com"), visitor("acme", "staff")
    counts = []
    for wanted in (1, 3):
        while Invoice.objects.count() < wanted:
            bought(in_acme, person, f"test:{uuid4()}")
        for ask in (lambda: staff.get("invoices/"), lambda: page.get("/invoices/")):
            ask()
            with CaptureQueriesContext(connection) as asked:
                ask()
            counts.append(len(asked))
    assert counts[:2] == counts[2:]
