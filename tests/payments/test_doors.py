"""Payments over the API and on the pages of both hosts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction

from billing.payments import services
from billing.payments.models import Payment, PaymentGatewayConfig, Refund
from billing.payments.web_pay import safe_link
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.payments import lab
from tests.payments.conftest import IBAN, account_of, eur, fresh, told
from tests.payments.remotes.lab import Remote
from tests.support.api import Api, error_of
from tests.support.pages import HTMX, visitor

pytestmark = pytest.mark.django_db
KEY = "sk_test_very_secret"


@pytest.fixture
def side(acme: Tenant, person: Callable[[str], User]) -> Remote:
    return Remote(acme, person("trader@acme").pk)


@pytest.mark.req("S4-71", "S4-12", "S4-13", "S1-14")
def test_over_the_api(side: Remote, begin: Callable[..., Payment]) -> None:
    trader, owner = Api("acme", "trader@acme.example.com"), Api("acme", "owner@acme.example.com")
    payment = side.begin()
    path = f"payments/{payment.pk}/"
    begun = trader.post(f"{path}start/").json()
    assert begun["payment"]["state"] == "pending"
    assert begun["action"]["secret"] == "pay_0_secret" and begun["action"]["kind"] == "client_secret"
    assert trader.post(f"{path}start/").json() == begun
    error_of(owner.post(f"{path}start/"), 404)
    side.pay(fresh(payment))
    side.deliver()
    seen = owner.get(path).json()
    assert (seen["state"], seen["received"]) == ("succeeded", {"amount": "25.00", "currency": "EUR"})
    assert "secret" not in str(seen) and seen["paid_to_platform"] is False
    assert [line["what"] for line in owner.get(f"{path}log/").json()] == [
        "begun",
        "sending",
        "pending",
        "succeeded",
    ]
    other = begin("5.00", user_id=None, key="x")
    assert {row["id"] for row in owner.get("payments/").json()["results"]} == {str(payment.pk), str(other.pk)}
    assert [row["id"] for row in owner.get("payments/?state=succeeded").json()["results"]] == [
        str(payment.pk)
    ]
    assert [row["id"] for row in trader.get("payments/").json()["results"]] == [str(payment.pk)]
    error_of(owner.get("payments/?nonsense=1"), 400)
    error_of(trader.get(f"payments/{other.pk}/"), 404)
    error_of(Api("globex", "owner@globex.example.com").get(path), 404)
    assert Api(None, "superadmin@example.com").get("payments/").json()["results"] == []
    lines = b"".join(owner.get("payments/export/?state=succeeded").streaming_content).decode().splitlines()
    assert (
        len(lines) == 2 and lines[0].startswith("number,created_at") and ",EUR,25.00,25.00,0.00," in lines[1]
    )


@pytest.mark.req("S2-30", "S4-16")
def test_refunds_need_a_fresh_proof_and_never_exceed(side: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    payment = side.paid()
    owner, trader = Api("acme", "owner@acme.example.com"), Api("acme", "trader@acme.example.com")
    path = f"payments/{payment.pk}/refund/"
    error_of(trader.post(path, {}), 403)
    for money, code, field in (
        ({"amount": "25.01", "currency": "EUR"}, "payments.over_refund", "amount"),
        ({"amount": "1.00", "currency": "USD"}, "payments.currency", "currency"),
        ({"amount": "1.001", "currency": "EUR"}, "validation_error", "money"),
    ):
        body = error_of(owner.post(path, {"money": money}), 400)
        assert body["code"] == code and field in body["details"]
    made = owner.post(
        path, {"money": {"amount": "10.00", "currency": "EUR"}, "reason": "Late"}, idempotency_key="a"
    )
    assert (made.status_code, made.json()["state"]) == (201, "created")
    again = owner.post(
        path, {"money": {"amount": "10.00", "currency": "EUR"}, "reason": "Late"}, idempotency_key="a"
    )
    assert again.json() == made.json()
    error_of(owner.post(path, {"money": {"amount": "15.01", "currency": "EUR"}}), 400)
    assert owner.post(path, {}).json()["money"]["amount"] == "15.00"
    with platform_context():
        assert Refund.objects.filter(payment=payment).count() == 2
    side.started()
    with platform_context():
        pending = Payment.objects.get(state="pending")
    assert error_of(owner.post(f"payments/{pending.pk}/refund/", {}), 409)["code"] == "payments.not_paid"
    User.objects.get(email="owner@acme.example.com").sessions.update(verified_at=None)
    assert error_of(owner.post(path, {}), 403)["code"] == "step_up_required"


@pytest.mark.req("S4-11", "C9")
def test_a_provider_is_configured_tested_and_switched_on(acme: Tenant) -> None:
    owner = Api("acme", "owner@acme.example.com")
    names = [kind["name"] for kind in owner.get("payments/providers/").json()]
    assert {"manual", "lab"} <= set(names) and not {"paypal", "yookassa", "btcpay"} & set(names)
    body = {
        "provider": "lab",
        "name": "Cards",
        "values": {"key": KEY},
        "currencies": ["EUR"],
        "is_simulated": True,
    }
    assert error_of(owner.post("payments/gateways/", {**body, "values": {}}), 400)["details"] == {
        "key": ["This is needed."]
    }
    assert (
        "currencies"
        in error_of(owner.post("payments/gateways/", {**body, "currencies": ["XAU"]}), 400)["details"]
    )
    made = owner.post("payments/gateways/", body)
    assert made.status_code == 201 and KEY not in made.content.decode() and made.json()["is_enabled"] is False
    path = f"payments/gateways/{made.json()['id']}/"
    assert error_of(owner.post(f"{path}switch/", {"is_enabled": True}), 409)["code"] == "payments.untested"
    lab.LABS.setdefault(PaymentGatewayConfig(id=made.json()["id"]).pk, lab.Laboratory())
    assert owner.post(f"{path}check/").json()["account"] == "Laboratory"
    assert owner.post(f"{path}switch/", {"is_enabled": True}).json()["is_enabled"] is True
    changed = owner.request("PUT", path, {**body, "name": "Cards 2", "values": {"key": ""}})
    assert changed.json()["name"] == "Cards 2"
    with platform_context():
        row = PaymentGatewayConfig.objects.get(pk=made.json()["id"])
        assert services.calls.connect_to(row.pk)._account.secrets == {"key": KEY}  # type: ignore[attr-defined]
        assert KEY not in row.secrets
    assert (
        error_of(owner.post("payments/gateways/", {**body, "name": "Cards 2"}), 409)["code"]
        == "payments.name_taken"
    )
    error_of(Api("acme", "staff@acme.example.com").post("payments/gateways/", body), 403)
    error_of(Api("globex", "owner@globex.example.com").get(path), 404)
    assert "secrets" in told(acme, "gateway_configured")[0]["changed"]
    bad = {
        "provider": "manual",
        "name": "Bank",
        "currencies": ["EUR"],
        "values": {"account_holder": "A", "iban": "DE00"},
    }
    assert "iban" in error_of(owner.post("payments/gateways/", bad), 400)["details"]


@pytest.mark.req("S1-16", "S1-17")
def test_transfers_are_confirmed_over_the_api(acme: Tenant, begin: Callable[..., Payment]) -> None:
    payment = services.start_payment(begin("40.00", reference="x", purpose="order").pk)
    owner = Api("acme", "owner@acme.example.com")
    (waiting,) = owner.get("payments/transfers/").json()
    assert (waiting["label"], waiting["confirmations"], waiting["confirmations_needed"]) == (
        payment.label,
        0,
        1,
    )
    path = f"payments/transfers/payment/{payment.pk}/confirm/"
    error_of(Api("acme", "trader@acme.example.com").post(path, {"happened": True}), 403)
    error_of(Api("globex", "owner@globex.example.com").post(path, {"happened": True}), 404)
    assert owner.post(path, {"happened": True, "bank_reference": "line 7"}).status_code == 204
    assert fresh(payment).state == "succeeded" and owner.get("payments/transfers/").json() == []


@pytest.mark.req("S0-6", "S2-25", "S2-26")
def test_the_page_of_a_payer(side: Remote, begin: Callable[..., Payment]) -> None:
    payment = side.begin()
    trader = visitor("acme", "trader")
    path = f"/pay/{payment.pk}/"
    page = trader.get(path).content.decode()
    assert "25.00" in page and "Simulated" in page and 'hx-trigger="load, submit"' in page
    assert visitor("acme", "buyer").get(path).status_code == 404
    assert visitor("acme").get(path).status_code == 302
    fragment = trader.post(path, headers=HTMX).content.decode()
    assert "<html" not in fragment and "every 4s" in fragment and "Waiting for the payer" in fragment
    with platform_context():
        Payment.objects.filter(pk=payment.pk).update(action_kind="qr", action_url="https://qr.example.com/1")
    page = trader.get(path).content.decode()
    assert "<svg" in page.split('class="qr"')[1] and 'href="https://qr.example.com/1"' in page
    with platform_context():
        Payment.objects.filter(pk=payment.pk).update(action_kind="redirect", action_url="javascript:alert(1)")
    assert "javascript:" not in trader.get(path).content.decode()
    side.pay(fresh(payment))
    side.deliver()
    done = trader.get(f"{path}state/", headers=HTMX).content.decode()
    assert "Paid. Thank you." in done and "every 4s" not in done and payment.return_url in done
    failing = side.started()
    side.decline(failing)
    side.deliver()
    answer = trader.post(f"/pay/{failing.pk}/again/")
    assert answer.status_code == 302 and answer["Location"] != f"/pay/{failing.pk}/"
    assert trader.post(f"/pay/{failing.pk}/again/")["Location"] == answer["Location"]
    assert trader.post(f"{answer['Location']}cancel/").status_code == 302
    assert "was cancelled" in trader.get(answer["Location"]).content.decode()
    down = side.begin()
    with side.unreachable():
        assert "does not answer" in trader.post(f"/pay/{down.pk}/").content.decode()
    transfer = begin("7.00", purpose="order", key="t", user_id=side.payer_id)
    assert trader.post(f"/pay/{transfer.pk}/").status_code == 302
    page = trader.get(f"/pay/{transfer.pk}/").content.decode()
    assert IBAN[:4] in page and fresh(transfer).label[:4] in page


@pytest.mark.parametrize(
    ("url", "simulated", "allowed"),
    [
        ("https://pay.example.com/", False, True), ("http://localhost:1/", True, True), ("http://x/", False, False),
        ("javascript:alert(1)", True, False), ("bitcoin:bc1q?amount=1", False, True), ("data:text/html,x", True, False),
    ],
    ids=["https", "simulated", "plain", "script", "bitcoin", "data"],
)  # fmt: skip
def test_only_safe_links(url: str, simulated: bool, allowed: bool) -> None:
    assert bool(safe_link(url, simulated)) is allowed


def test_the_staff_s_pages(side: Remote, begin: Callable[..., Payment]) -> None:
    payment = side.paid(description="<b>Order</b>")
    owner = visitor("acme", "owner")
    page = owner.get("/payments/?q=&state=succeeded").content.decode()
    assert payment.label in page and "Simulated" in page
    assert payment.label not in owner.get("/payments/?state=failed").content.decode()
    assert payment.label.encode() in b"".join(owner.get("/payments/export/").streaming_content)
    page = owner.get(f"/payments/{payment.pk}/").content.decode()
    assert "&lt;b&gt;Order" in page and "<b>Order" not in page and "succeeded" in page
    key = str(uuid4())
    for _twice in range(2):
        sent = owner.post(f"/payments/{payment.pk}/refund/", {"amount": "5.00", "reason": "Late", "key": key})
        assert sent.status_code == 302
    with platform_context():
        assert Refund.objects.filter(payment=payment).count() == 1
    refused = owner.post(f"/payments/{payment.pk}/refund/", {"amount": "20.01", "key": str(uuid4())})
    assert refused.status_code == 400 and "At most 20.00 EUR" in refused.content.decode()
    transfer = services.start_payment(begin("9.00", purpose="order").pk)
    assert "9.00" in owner.get("/payments/transfers/").content.decode()
    assert owner.post(f"/payments/transfers/payment/{transfer.pk}/", {"happened": "1"}).status_code == 302
    assert fresh(transfer).state == "succeeded"
    trader = visitor("acme", "trader")
    page = trader.get("/payments/").content.decode()
    assert payment.label in page and "Payment providers" not in page
    assert trader.get("/payments/providers/").status_code == 403


def test_the_pages_of_providers(acme: Tenant) -> None:
    owner = visitor("acme", "owner")
    assert "No payment provider yet" in owner.get("/payments/providers/").content.decode()
    form = {
        "name": "Our bank",
        "currencies": ["EUR"],
        "account_holder": "Acme Ltd",
        "iban": "DE89 3704 0044 0532 0130 01",
    }
    refused = owner.post("/payments/providers/new/manual/", form)
    assert refused.status_code == 400 and "iban" in refused.context["form"].errors
    assert owner.post("/payments/providers/new/manual/", {**form, "iban": IBAN}).status_code == 302
    with platform_context():
        row = PaymentGatewayConfig.objects.get(name="Our bank")
    assert row.tenant_id == acme.pk and row.checked_at and not row.is_enabled
    assert owner.post(f"/payments/providers/{row.pk}/switch/", {"on": "1"}).status_code == 302
    page = owner.get("/payments/providers/").content.decode()
    assert "Our bank" in page and "Switch off" in page
    cards = {"name": "Cards", "currencies": ["EUR"], "key": KEY, "is_simulated": "on"}
    assert owner.post("/payments/providers/new/lab/", cards).status_code == 302
    with platform_context():
        made = PaymentGatewayConfig.objects.get(name="Cards")
    page = owner.get(f"/payments/providers/{made.pk}/").content.decode()
    assert (
        KEY not in page
        and f"/api/v1/payments/webhooks/lab/{made.pk}/" in page
        and "acme" not in page.split("/api/v1/payments/webhooks")[0][-60:]
    )
    assert owner.get("/payments/providers/new/paypal/").status_code == 404


@pytest.mark.req("S2-29", "S2-30")
def test_the_platform_sees_its_own_in_full_and_of_tenants_figures(side: Remote, acme: Tenant) -> None:
    side.paid()
    platform = account_of(None, "Platform's bank")
    with tenant_context(acme), transaction.atomic():
        billed = services.begin_payment(
            tenant=acme, configuration_id=platform.pk, purpose="order", reference="plan", user_id=side.payer_id,
            money=eur("99.00"), description="Plan", return_url="/", key="plan:1",
        )  # fmt: skip
    services.start_payment(billed.pk)
    staff = Api(None, "superadmin@example.com")
    assert [row["id"] for row in staff.get("payments/").json()["results"]] == [str(billed.pk)]
    assert billed.label in visitor(None, "superadmin").get("/payments/").content.decode()
    (ours, theirs) = sorted(staff.get("payments/figures/").json(), key=lambda row: row["organisation"] or "")
    assert (ours["organisation"], ours["payments"], ours["succeeded"]) == (None, 1, 0)
    assert (theirs["organisation"], theirs["received"]["amount"]) == (acme.name, "25.00")
    owner = Api("acme", "owner@acme.example.com")
    assert owner.get(f"payments/{billed.pk}/").json()["paid_to_platform"] is True
    error_of(owner.post(f"payments/transfers/payment/{billed.pk}/confirm/", {"happened": True}), 404)
    assert owner.get("payments/transfers/").json() == []
    assert (
        staff.post(f"payments/transfers/payment/{billed.pk}/confirm/", {"happened": True}).status_code == 204
    )
    assert fresh(billed).state == "succeeded" and len(told(acme, "payment_succeeded")) == 2
    assert error_of(owner.post(f"payments/{billed.pk}/refund/", {}), 403)["code"] == "payments.not_received"


@pytest.mark.parametrize("path", ["payments/", "payments/transfers/", "payments/gateways/"])
def test_lists_ask_as_often_for_three_rows_as_for_one(
    side: Remote, path: str, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    owner = Api("acme", "owner@acme.example.com")
    side.started()
    owner.get(path)
    with django_assert_max_num_queries(20) as first:
        assert owner.get(path).status_code == 200
    side.started()
    side.started()
    with django_assert_num_queries(len(first.captured_queries)):
        assert owner.get(path).status_code == 200
