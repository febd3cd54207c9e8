from __future__ import annotations

from decimal import Decimal

import pytest

from shared_apps.access.actors import Actor
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants.models import Tenant
from tenant_apps.trading import services
from tenant_apps.trading.models import Execution, Order, OrderEvent, Position
from tenant_apps.trading.rules.positions import Fill, replay
from tenant_apps.trading.shapes import position_state
from tenant_apps.trading_accounts.models import AccountBalance, TradingAccount
from tenant_apps.trading_accounts.venues.base import Side
from tests.support.trading import SYMBOL, Market, run_outbox

D = Decimal


def place(
    actor: Actor, account: TradingAccount, side: str = "buy", quantity: str = "1", **more: str
) -> Order:
    return services.place_order(
        actor=actor, trading_account_id=account.pk, symbol=SYMBOL, side=side, quantity=quantity, **more
    )


def statuses(order: Order) -> list[str]:
    return list(OrderEvent.objects.filter(order=order).order_by("seq").values_list("status", flat=True))


@pytest.mark.req("S1-21", "S1-22", "S1-25", "S1-26", "F54", "F57")
def test_a_market_order_is_sent_filled_and_becomes_a_position(
    in_acme: Tenant, trader: Actor, account: TradingAccount, market_of_coins: Market
) -> None:
    order = place(trader, account, quantity="2.5")
    assert (order.status, statuses(order)) == ("queued", ["queued"])
    assert run_outbox(in_acme.schema_name) == ["trading.send_order"]
    order.refresh_from_db()
    assert order.status == "filled"
    assert statuses(order) == ["queued", "submitted", "filled"]
    [execution] = Execution.objects.filter(order=order)
    assert (execution.quantity, execution.price) == (D("2.5"), D("100.01"))
    assert (order.average_price, order.expected_price) == (D("100.01"), D("100"))
    position = Position.objects.get(trading_account=account)
    assert (position.quantity, position.cost, position.realised) == (D("2.5"), D("250.025"), D(0))
    balance = AccountBalance.objects.get(trading_account=account)
    assert balance.amount == D(10_000) - D("0.250025")


def test_the_way_from_long_to_flat_to_short_adds_up(
    in_acme: Tenant, trader: Actor, account: TradingAccount, market_of_coins: Market
) -> None:
    for side, quantity, close in (("buy", "2", 10_000), ("sell", "1", 11_000), ("sell", "3", 12_000)):
        market_of_coins.close(close)
        place(trader, account, side, quantity)
        run_outbox(in_acme.schema_name)
    position = Position.objects.get(trading_account=account)
    # 100.01 in; 109.99 and 119.99 out; two more sold short at 119.99
    assert (position.quantity, position.realised) == (D(-2), D("29.96"))
    executions = Execution.objects.filter(trading_account=account).order_by("id")
    fills = [Fill(Side(row.side), row.quantity, row.price, row.fee) for row in executions]
    assert replay(fills) == position_state(position)
    assert sum(row.realised for row in executions) == position.realised
    assert (
        AccountBalance.objects.get(trading_account=account).amount == D(10_000) + D("29.96") - position.fees
    )


@pytest.mark.req("F54")
def test_the_same_client_order_id_is_the_same_order(
    in_acme: Tenant, trader: Actor, account: TradingAccount, coin: object
) -> None:
    first = place(trader, account, client_order_id="MYKEY1")
    assert place(trader, account, client_order_id="MYKEY1").pk == first.pk
    with pytest.raises(ConflictError) as caught:
        place(trader, account, quantity="2", client_order_id="MYKEY1")
    assert caught.value.code == "order.client_order_id_taken"
    run_outbox(in_acme.schema_name)
    assert place(trader, account, client_order_id="MYKEY1").pk == first.pk
    assert run_outbox(in_acme.schema_name) == []
    assert Order.objects.count() == Execution.objects.count() == 1


@pytest.mark.req("S1-23")
@pytest.mark.parametrize("quantity", ["0", "NaN", "Infinity", "-1", "1e400", "0.05", "", None, "1\x00"])
def test_a_quantity_that_breaks_a_rule_names_field_and_rule_and_writes_nothing(
    in_acme: Tenant, trader: Actor, account: TradingAccount, coin: object, quantity: str
) -> None:
    with pytest.raises(DomainError) as caught:
        place(trader, account, quantity=quantity)
    assert caught.value.status == 400
    assert list(caught.value.details) == ["quantity"]
    assert caught.value.code.startswith("order.quantity_")
    assert not Order.objects.exists()
    assert not OutboxMessage.objects.filter(task="trading.send_order").exists()


@pytest.mark.parametrize("symbol", ["NO-SUCH", "", None, 5, "COIN\x00"])
def test_an_unknown_symbol_is_a_fault_of_that_field(
    in_acme: Tenant, trader: Actor, account: TradingAccount, coin: object, symbol: object
) -> None:
    with pytest.raises(DomainError) as caught:
        services.place_order(
            actor=trader, trading_account_id=account.pk, symbol=symbol, side="buy", quantity="1"
        )
    assert (caught.value.status, caught.value.field) == (400, "symbol")
    assert not Order.objects.exists()


@pytest.mark.req("S3-117")
@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("owner", ForbiddenError),
        ("auditor", ForbiddenError),
        ("buyer", NotFoundError),
        ("seller", NotFoundError),
    ],
)
def test_nobody_else_places_orders_on_an_account(
    in_acme: Tenant, actor_in: object, account: TradingAccount, coin: object, who: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        place(actor_in(who), account)  # type: ignore[operator]
    assert not Order.objects.exists()


def test_an_account_that_is_not_connected_takes_no_orders(
    in_acme: Tenant, trader: Actor, account: TradingAccount, coin: object
) -> None:
    TradingAccount.objects.update(status="disconnected")
    with pytest.raises(ConflictError) as caught:
        place(trader, account)
    assert caught.value.code == "order.account_not_connected"


@pytest.mark.req("F54")
def test_a_large_order_fills_over_several_bars_and_can_be_canceled(
    in_acme: Tenant, trader: Actor, account: TradingAccount, market_of_coins: Market
) -> None:
    market_of_coins.close(10_000, volume=100)
    order = place(trader, account, quantity="2.5")  # 25 lots, 10 lots a bar
    run_outbox(in_acme.schema_name)
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == ("partially_filled", D(1))
    market_of_coins.close(10_000, volume=100)
    services.meet_market(symbol=SYMBOL, interval="1m")
    services.meet_market(symbol=SYMBOL, interval="1m")
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == ("partially_filled", D(2))
    services.cancel_order(actor=trader, order_id=order.pk, reason="enough")
    run_outbox(in_acme.schema_name)
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == ("canceled", D(2))
    market_of_coins.close(10_000)
    services.meet_market(symbol=SYMBOL, interval="1m")
    assert Position.objects.get().quantity == D(2)
    with pytest.raises(ConflictError) as caught:
        services.cancel_order(actor=trader, order_id=order.pk)
    assert caught.value.code == "order.not_cancelable"


def test_an_order_that_was_not_sent_is_canceled_at_once_and_never_sent(
    in_acme: Tenant, trader: Actor, account: TradingAccount, coin: object
) -> None:
    order = place(trader, account)
    assert services.cancel_order(actor=trader, order_id=order.pk).status == "canceled"
    run_outbox(in_acme.schema_name)
    assert statuses(order) == ["queued", "canceled"]
    assert not Execution.objects.exists()


def test_closing_a_position_sells_what_is_held(
    in_acme: Tenant, trader: Actor, account: TradingAccount, coin: object
) -> None:
    place(trader, account, quantity="3")
    run_outbox(in_acme.schema_name)
    position = Position.objects.get()
    services.close_position(actor=trader, position_id=position.pk)
    run_outbox(in_acme.schema_name)
    position.refresh_from_db()
    assert (position.quantity, position.cost, position.opened_at) == (D(0), D(0), None)
    with pytest.raises(ConflictError):
        services.close_position(actor=trader, position_id=position.pk)
