"""The pages of trading accounts."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tenant_apps.trading_accounts.models import AccountBalance, TradingAccount
from tests.support.pages import visitor

FORM = {"name": "Rehearsal", "currency": "eur", "opening_balance": "25000"}

pytestmark = pytest.mark.usefixtures("in_acme")


def test_a_trader_connects_a_paper_account() -> None:
    client = visitor("acme", "trader")
    assert b"Connect a paper account" in client.get("/accounts/").content
    answer = client.post("/accounts/new/", FORM)
    made = TradingAccount.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/{made.pk}/")
    assert (made.name, made.currency, made.status, made.is_simulated) == (
        "Rehearsal",
        "EUR",
        "connected",
        True,
    )
    assert AccountBalance.objects.get().amount == Decimal(25_000)
    page = client.get(f"/accounts/{made.pk}/").content.decode()
    assert "25,000.00" in page and "Order ticket" in page and "Rehearsal is connected." in page


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"currency": "e€"}, "currency"),
        ({"opening_balance": "0"}, "opening_balance"),
        ({"opening_balance": "NaN"}, "opening_balance"),
        ({"opening_balance": "1e400"}, "opening_balance"),
        ({"opening_balance": ""}, "opening_balance"),
    ],
)
def test_a_wrong_value_is_named_and_nothing_is_written(change: dict[str, str], field: str) -> None:
    answer = visitor("acme", "trader").post("/accounts/new/", FORM | change)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not TradingAccount.objects.exists()


def test_a_name_is_taken_once() -> None:
    client = visitor("acme", "trader")
    client.post("/accounts/new/", FORM)
    answer = client.post("/accounts/new/", FORM)
    assert answer.status_code == 409
    assert b"You already have a trading account with this name." in answer.content
    assert TradingAccount.objects.count() == 1


@pytest.mark.parametrize(("who", "status"), [("buyer", 403), ("owner", 403), ("auditor", 403)])
def test_only_traders_connect_accounts(who: str, status: int) -> None:
    assert visitor("acme", who).post("/accounts/new/", FORM).status_code == status
    assert not TradingAccount.objects.exists()


@pytest.mark.parametrize(("who", "sees"), [("owner", True), ("auditor", True), ("staff", True)])
def test_staff_and_auditors_look_and_do_not_trade(who: str, sees: bool) -> None:
    visitor("acme", "trader").post("/accounts/new/", FORM)
    made = TradingAccount.objects.get()
    client = visitor("acme", who)
    assert (b"Rehearsal" in client.get("/accounts/").content) is sees
    page = client.get(f"/accounts/{made.pk}/")
    assert page.status_code == 200
    assert b"Order ticket" not in page.content


def test_buyers_have_no_such_page() -> None:
    client = visitor("acme", "buyer")
    assert client.get("/accounts/").status_code == 403
    assert b"/accounts/" not in client.get("/").content
