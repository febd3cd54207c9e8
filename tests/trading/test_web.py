"""An account's page and the order ticket."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shared_apps.access.actors import Actor
from shared_apps.core.context import tenant_context
from shared_apps.market_data.models import Instrument
from shared_apps.tenants.models import Tenant
from tenant_apps.trading.models import Execution, Order, Position
from tenant_apps.trading_accounts.models import TradingAccount
from tests.support.pages import HTMX, visitor
from tests.support.trading import Market, run_outbox

ORDER = {"side": "buy", "symbol": "COIN-EUR", "quantity": "1.5"}


def ticket(account: TradingAccount, who: str = "trader", **fields: str):
    path = f"/accounts/{account.pk}/ticket/"
    return visitor("acme", who).post(path, ORDER | {"step": "review"} | fields, headers=HTMX)


def test_an_order_is_reviewed_then_placed_once(coin: Instrument, account: TradingAccount) -> None:
    review = ticket(account)
    assert review.status_code == 200, review.context["form"].errors
    assert b"Buy 1.5 COIN-EUR at the market, for Paper." in review.content
    assert "150.00\u202fEUR" in review.content.decode()
    assert not Order.objects.exists()
    key = review.context["review"].client_order_id
    for _press in range(2):
        placed = ticket(account, step="place", key=key)
        assert placed.status_code == 200
        assert "is on its way" in placed["HX-Trigger"]
    order = Order.objects.get()
    assert (order.side, order.quantity, order.status, order.bot_id) == ("buy", Decimal("1.5"), "queued", None)


def test_the_ticket_learns_the_last_price(coin: Instrument, account: TradingAccount) -> None:
    client = visitor("acme", "trader")
    answer = client.get("/quotes/", {"symbol": "COIN-EUR"})
    assert (answer.status_code, answer.json()) == (200, {"price": "100.00", "currency": "EUR"})
    assert client.get("/quotes/", {"symbol": "NOPE-EUR"}).status_code == 404
    assert visitor("acme", "buyer").get("/quotes/", {"symbol": "COIN-EUR"}).status_code == 403


def test_going_back_keeps_what_was_typed(coin: Instrument, account: TradingAccount) -> None:
    answer = ticket(account, step="edit", side="sell")
    assert b'value="1.5"' in answer.content
    assert b'value="sell" checked' in answer.content
    assert not Order.objects.exists()


@pytest.mark.req("S1-23")
@pytest.mark.parametrize("step", ["review", "place"])
@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"quantity": "0"}, "quantity", b"greater than zero"),
        ({"quantity": "-1"}, "quantity", b"greater than zero"),
        ({"quantity": "NaN"}, "quantity", b"must be a"),
        ({"quantity": "1e400"}, "quantity", b"must be"),
        ({"quantity": "0.15"}, "quantity", b"multiple of 0.1"),
        ({"quantity": "many"}, "quantity", b"must be a number"),
        ({"quantity": ""}, "quantity", b"This field is required."),
        ({"symbol": "NOPE-EUR"}, "symbol", b"NOPE-EUR is not one of the available choices."),
        ({"side": "both"}, "side", b""),
    ],
)
def test_a_wrong_order_names_field_and_rule_and_nothing_is_written(
    coin: Instrument, account: TradingAccount, step: str, change: dict[str, str], field: str, words: bytes
) -> None:
    answer = ticket(account, step=step, **change)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert words in answer.content
    assert not Order.objects.exists()


@pytest.mark.req("S3-117")
@pytest.mark.parametrize(
    ("who", "status"), [("owner", 403), ("staff", 403), ("auditor", 403), ("buyer", 403)]
)
def test_nobody_trades_on_somebody_elses_account(
    coin: Instrument, account: TradingAccount, who: str, status: int
) -> None:
    for step in ("review", "place"):
        assert ticket(account, who, step=step).status_code == status
    assert not Order.objects.exists()


def test_another_tenants_trader_finds_nothing(
    globex: Tenant, coin: Instrument, account: TradingAccount
) -> None:
    client = visitor("globex", "trader")
    assert client.get(f"/accounts/{account.pk}/").status_code == 404
    assert client.post(f"/accounts/{account.pk}/ticket/", ORDER | {"step": "place"}).status_code == 404
    with tenant_context(globex):
        assert not Order.objects.exists()


def test_a_fill_shows_position_profit_and_order(
    coin: Instrument, market_of_coins: Market, account: TradingAccount, trader: Actor, acme: Tenant
) -> None:
    ticket(account, step="place")
    run_outbox(acme.schema_name)
    market_of_coins.close(10_000, 10_400)
    from tenant_apps.trading.services import meet_market

    meet_market(symbol="COIN-EUR", interval="1m")
    assert Execution.objects.count() == 1
    page = visitor("acme", "trader").get(f"/accounts/{account.pk}/").content.decode()
    assert 'data-status="long"' in page and 'data-status="filled"' in page
    assert "By hand" in page and "/close/" in page
    position = Position.objects.get()
    live = visitor("acme", "trader").get(f"/accounts/{account.pk}/live/").content.decode()
    assert live.count('hx-swap-oob="true"') == 4 and "<html" not in live
    closed = visitor("acme", "trader").post(f"/positions/{position.pk}/close/")
    assert closed.status_code == 302
    assert Order.objects.filter(side="sell", quantity=Decimal("1.5")).exists()


def test_a_working_order_is_cancelled_by_its_owner_and_not_by_a_reader(
    coin: Instrument, account: TradingAccount
) -> None:
    ticket(account, step="place")
    order = Order.objects.get()
    assert visitor("acme", "auditor").post(f"/orders/{order.pk}/cancel/").status_code == 403
    assert Order.objects.get().status == "queued"
    answer = visitor("acme", "trader").post(f"/orders/{order.pk}/cancel/")
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/{account.pk}/")
    assert Order.objects.get().status == "canceled"


def test_without_scripts_the_ticket_is_a_page(coin: Instrument, account: TradingAccount) -> None:
    client = visitor("acme", "trader")
    review = client.post(f"/accounts/{account.pk}/ticket/", ORDER | {"step": "review"})
    assert review.status_code == 200 and b"<html" in review.content and b"Buy now" in review.content
    key = review.context["review"].client_order_id
    placed = client.post(f"/accounts/{account.pk}/ticket/", ORDER | {"step": "place", "key": key})
    assert (placed.status_code, placed["Location"]) == (302, f"/accounts/{account.pk}/")
    assert Order.objects.count() == 1
