"""Wallets over the API and on the pages."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.payments.models import Payment, PaymentGatewayConfig, Payout
from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Tenant
from tenant_apps.wallet.models import Deposit, PayoutDestination, Withdrawal
from tests.support.api import Api, error_of
from tests.support.pages import visitor
from tests.wallet.conftest import available, fund, held, iban_of, member_of
from tests.wallet.test_transfers import send
from tests.wallet.test_withdrawals import ask

pytestmark = pytest.mark.django_db


def api(who: str) -> Api:
    return Api("acme", f"{who}@acme.example.com")


def money(amount: str, currency: str = "EUR") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


@pytest.mark.req("S1-12", "S1-15")
def test_a_deposit_over_the_api(bank: PaymentGatewayConfig) -> None:
    trader = api("trader")
    (way,) = trader.get("wallet/deposits/ways/?currency=EUR").json()
    assert (way["provider"], way["is_simulated"]) == ("manual", True)
    body = {"configuration": way["configuration"], "money": money("25.00")}
    answers = [trader.post("wallet/deposits/", body, Idempotency_Key="one") for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].content
    made = answers[0].json()
    assert made["id"] == answers[1].json()["id"]
    assert (made["state"], made["money"], made["action"]["kind"]) == ("pending", money("25.00"), "transfer")
    assert made["pay_url"].endswith(f"/pay/{made['payment']}/")
    error_of(trader.post("wallet/deposits/", body | {"money": money("26.00")}, Idempotency_Key="one"), 422)
    with platform_context():
        assert Payment.objects.count() == 1
    for wrong, field in (
        ({"money": money("0")}, "money"),
        ({"money": money("1.001")}, "money"),
        ({"money": money("-1")}, "money"),
        ({"money": money("1", "XYZ")}, "money"),
        ({"money": "25"}, "money"),
        ({"configuration": "x"}, "configuration"),
    ):
        assert field in error_of(trader.post("wallet/deposits/", body | wrong), 400)["details"]
    error_of(api("auditor").post("wallet/deposits/", body), 403)
    error_of(api("buyer").get(f"wallet/deposits/{made['id']}/"), 404)
    assert api("auditor").get(f"wallet/deposits/{made['id']}/").status_code == 200
    assert Deposit.objects.count() == 1


@pytest.mark.req("S1-16", "F45")
def test_a_withdrawal_over_the_api(bank: PaymentGatewayConfig) -> None:
    fund("trader", "100.00")
    trader, owner = api("trader"), api("owner")
    added = trader.post(
        "wallet/destinations/", {"kind": "iban", "address": "DE89 3704 0044 0532 0130 00", "holder": "Ann"}
    )
    assert added.status_code == 201 and added.json()["hint"] == "DE89 … 3000"
    wrong = {"kind": "iban", "address": "DE89370400440532013001", "holder": "Ann"}
    assert (
        "check digits" in error_of(trader.post("wallet/destinations/", wrong), 400)["details"]["address"][0]
    )
    place = {"destination": added.json()["id"], "money": money("60.00")}
    assert error_of(trader.post("wallet/withdrawals/", place), 409)["code"] == "wallet.cooling_down"
    with transaction.atomic():
        PayoutDestination.objects.update(usable_from=member_of("trader").joined_at)
    answers = [trader.post("wallet/withdrawals/", place, Idempotency_Key="w1") for _twice in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    asked = answers[0].json()
    assert answers[1].json()["id"] == asked["id"] and held("trader") == 6000
    path = f"wallet/withdrawals/{asked['id']}/"
    error_of(trader.post(f"{path}approve/"), 403)
    error_of(api("buyer").get(path), 404)
    error_of(owner.post(f"{path}reject/", {"reason": ""}), 400)
    approved = owner.post(f"{path}approve/").json()
    assert approved["state"] == "sending" and approved["decisions"][0]["name"] == "Olivia Owner"
    error_of(owner.post(f"{path}approve/"), 409)
    error_of(trader.post(f"{path}cancel/"), 409)
    error_of(Api("globex", "owner@globex.example.com").get(path), 404)
    with platform_context():
        assert Payout.objects.count() == 1
    (purse,) = trader.get("wallet/accounts/").json()["results"]
    assert (purse["available"], purse["held"]) == (money("40.00"), money("60.00"))
    assert api("buyer").get("wallet/accounts/").json()["count"] == 0
    assert owner.get("wallet/accounts/").json()["count"] == 1


@pytest.mark.req("S1-13", "S2-27")
def test_transfers_and_history_over_the_api(in_acme: Tenant) -> None:
    trader_id = fund("trader", "100.00")
    trader, buyer = api("trader"), api("buyer")
    body = {"recipient": "buyer@acme.example.com", "money": money("10.00"), "note": "=1+1"}
    sent = [trader.post("wallet/transfers/", body, Idempotency_Key="t1") for _twice in range(2)]
    assert [answer.status_code for answer in sent] == [201, 201], sent[0].content
    assert "buyer_name" not in sent[0].json() and sent[0].json()["to"] == "buyer@acme.example.com"
    error_of(trader.post("wallet/transfers/", body | {"recipient": "nobody"}), 400)
    error_of(trader.post("wallet/transfers/", body | {"recipient": "no@acme.example.com"}), 404)
    assert (available("trader"), available("buyer")) == ("90.00", "10.00")
    page = trader.get("wallet/transactions/?page_size=1").json()
    assert (page["count"], page["results"][0]["money"]) == (2, money("-10.00"))
    following = trader.get(page["next"].partition("/api/v1/")[2]).json()
    assert (following["next"], following["results"][0]["balance"]) == (None, money("100.00"))
    error_of(buyer.get(f"wallet/transactions/?member={trader_id}"), 404)
    assert api("owner").get(f"wallet/transactions/?member={trader_id}").json()["count"] == 2
    error_of(trader.get("wallet/transactions/?before=x"), 400)
    error_of(trader.get("wallet/transactions/?nonsense=1"), 400)
    answer = trader.client.get("/api/v1/wallet/transactions/export/", headers=trader.headers)
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))  # type: ignore[attr-defined]
    assert [row["amount"] for row in rows] == ["-10.00", "100.00"]
    month = rows[0]["time"][:7]
    (eur,) = trader.get(f"wallet/statement/?month={month}").json()["currencies"]
    assert (eur["incoming"], eur["outgoing"], eur["closing"]) == (
        money("100.00"),
        money("-10.00"),
        money("90.00"),
    )
    error_of(trader.get("wallet/statement/?month=x"), 400)


def test_wallets_are_frozen_over_the_api(in_acme: Tenant) -> None:
    trader_id = fund("trader", "100.00")
    owner = api("owner")
    path = f"wallet/members/{trader_id}/"
    assert owner.post(f"{path}freeze/", {"reason": "Odd"}).json()["frozen_reason"] == "Odd"
    body = {"recipient": "buyer@acme.example.com", "money": money("10.00")}
    assert error_of(api("trader").post("wallet/transfers/", body), 403)["code"] == "wallet.frozen"
    assert owner.post(f"{path}unfreeze/").json()["frozen_at"] is None
    error_of(api("trader").post(f"{path}freeze/", {"reason": "x"}), 403)


@pytest.mark.parametrize("path", ["accounts/", "withdrawals/", "deposits/", "transfers/", "transactions/"])
def test_lists_cost_the_same_at_one_row_and_at_three(in_acme: Tenant, bank: Any, path: str) -> None:
    owner, costs = api("owner"), []
    for names in (["trader"], ["buyer", "seller"]):
        for who in names:
            member_id = fund(who, "50.00")
            fund("owner", "1.00")
            Deposit.objects.create(
                member_id=member_id,
                currency="EUR",
                units=1,
                provider="manual",
                configuration_id=bank.pk,
                key="k",
            )
            ask(who, "10.00", iban_of(who))
            send("1.00", to=member_of("owner").pk, who=who)
        owner.get(f"wallet/{path}")
        with CaptureQueriesContext(connection) as caught:
            assert owner.get(f"wallet/{path}").status_code == 200
        costs.append(len(caught))
    assert costs[0] == costs[1]


@pytest.mark.req("S1-10", "S2-28")
def test_a_wallets_pages(bank: PaymentGatewayConfig) -> None:
    trader, staff = visitor("acme", "trader"), visitor("acme", "staff")
    assert "Your wallet is empty" in trader.get("/wallet/").content.decode()
    form = {"configuration": str(bank.pk), "amount": "25,50", "currency": "EUR", "key": "one"}
    for wrong, field in (
        ({"amount": "0"}, "amount"), ({"amount": "-5"}, "amount"), ({"amount": "1.001"}, "amount"),
        ({"amount": "1e3"}, "amount"), ({"currency": "XYZ"}, "currency"), ({"amount": "9999999"}, "amount"),
    ):  # fmt: skip
        answer = trader.post("/wallet/deposit/", form | wrong)
        assert answer.status_code in (400, 422) and field in answer.context["form"].errors, wrong
    first, second = (trader.post("/wallet/deposit/", form) for _twice in range(2))
    assert first["Location"] == second["Location"] and first["Location"].startswith("/pay/")
    assert str(Deposit.objects.get().amount) == "25.50"
    assert "On its way" in trader.get("/wallet/").content.decode()
    fund("trader", "100.00")
    assert "Add a destination" in trader.get("/wallet/withdraw/").content.decode()
    place = {"kind": "iban", "address": "DE89370400440532013000", "holder": "Ann", "label": "<b>Mine"}
    assert trader.post("/wallet/destinations/", place | {"address": "x"}).status_code == 400
    assert trader.post("/wallet/destinations/", place).status_code == 302
    page = trader.get("/wallet/destinations/").content.decode()
    assert "&lt;b&gt;Mine" in page and "DE89370400440532013000" not in page
    row = PayoutDestination.objects.get()
    asked = {"destination": str(row.pk), "amount": "60", "currency": "EUR", "key": "w"}
    assert "For your safety" in trader.post("/wallet/withdraw/", asked).content.decode()
    with transaction.atomic():
        PayoutDestination.objects.update(usable_from=row.created_at)
    assert "amount" in trader.post("/wallet/withdraw/", asked | {"amount": "101"}).context["form"].errors
    answer = trader.post("/wallet/withdraw/", asked)
    assert answer.status_code == 302
    withdrawal = Withdrawal.objects.get()
    assert "Trader" in staff.get("/wallet/approvals/").content.decode()
    here = f"/wallet/withdrawals/{withdrawal.pk}/"
    assert staff.post(f"{here}decide/", {"reason": ""}).status_code == 400
    assert trader.post(f"{here}decide/", {"approve": "1"}).status_code == 403
    assert staff.post(f"{here}decide/", {"approve": "1"}).status_code == 302
    assert "Stefan Staff" in trader.get(here).content.decode()
    assert visitor("acme", "buyer").get(here).status_code == 404
    given = {"recipient": "buyer@acme.example.com", "amount": "5", "currency": "EUR", "key": "t"}
    for _twice in range(2):
        assert trader.post("/wallet/transfer/", given).status_code == 302
    assert available("buyer") == "5.00"
    history = trader.get("/wallet/history/").content.decode()
    assert "buyer@acme.example.com" in history and "Transfer" in history
    content = b"".join(trader.get("/wallet/history.csv").streaming_content).decode()  # type: ignore[attr-defined]
    assert content.count("\r\n") == 3
    assert trader.get("/wallet/history/?before=x").status_code == 400
    trader_id = member_of("trader").pk
    assert visitor("acme", "buyer").get(f"/wallet/history/?member={trader_id}").status_code == 404
    assert "Tariq Trader" in staff.get("/wallet/balances/").content.decode()
    assert staff.post(f"/wallet/members/{trader_id}/", {"reason": "Odd"}).status_code == 302
    assert "frozen" in trader.get("/wallet/").content.decode()
    assert staff.post(f"/wallet/members/{trader_id}/", {"open": "1"}).status_code == 302


def test_a_withdrawal_is_taken_back_on_its_page(bank: PaymentGatewayConfig) -> None:
    fund("trader", "100.00")
    withdrawal = ask("trader", "10.00", iban_of("trader"))
    trader = visitor("acme", "trader")
    assert "Take back" in trader.get(f"/wallet/withdrawals/{withdrawal.pk}/").content.decode()
    assert visitor("acme", "buyer").post(f"/wallet/withdrawals/{withdrawal.pk}/cancel/").status_code == 404
    assert trader.post(f"/wallet/withdrawals/{withdrawal.pk}/cancel/").status_code == 302
    assert held("trader") == 0
