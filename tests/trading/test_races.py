"""Several workers at once, with real commits: every decision, order and fill happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction

from shared_apps.access.actors import Actor, load_actor
from shared_apps.core import events
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import ConflictError
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.bots import services as bots
from tenant_apps.bots.models import Bot, Decision
from tenant_apps.trading import services
from tenant_apps.trading.models import Execution, Order, OrderEvent, Position
from tenant_apps.trading_accounts import services as accounts
from tenant_apps.trading_accounts.events import TradingAccountConnected
from tenant_apps.trading_accounts.models import AccountBalance, PaperOrder, TradingAccount
from tests.support.trading import SYMBOL, Market

THREADS = 6
pytestmark = pytest.mark.django_db(transaction=True)


class Desk:
    """A trader's desk in acme: every call runs in its own thread, context and connection."""

    def __init__(self) -> None:
        with platform_context():
            self.tenant = Tenant.objects.get(slug="acme")
            user = User.objects.get(email="trader@acme.example.com")
        self.market = Market()
        self.market.close(10_000, 10_000, volume=100_000)
        with tenant_context(self.tenant):
            self.actor: Actor = load_actor(user, self.tenant, fresh=True)
            account = accounts.create_account(
                actor=self.actor,
                venue="paper",
                name="A",
                currency="EUR",
                settings={"paper": {"slippage": "0"}},
            )
            self.account = accounts.connect_account(actor=self.actor, trading_account_id=account.pk)

    def at_once(self, work: Callable[[], Any]) -> list[Any]:
        """Run the same work in several threads; what it raises is returned, not raised."""

        def one(_number: int) -> Any:
            try:
                with tenant_context(self.tenant), audit_context(actor_label="test"):
                    return work()
            except ConflictError as error:
                return error
            finally:
                connection.close()

        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(one, range(THREADS)))

    def place(self, **more: str) -> Order:
        return services.place_order(
            actor=self.actor,
            trading_account_id=self.account.pk,
            symbol=SYMBOL,
            side="buy",
            quantity="1",
            **more,
        )


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    with tenant_context(made.tenant):
        yield made


@pytest.mark.req("F54")
def test_the_same_order_placed_at_once_is_one_order(desk: Desk) -> None:
    orders = desk.at_once(lambda: desk.place(client_order_id="SAME"))
    assert len({order.pk for order in orders}) == Order.objects.count() == 1
    assert OrderEvent.objects.count() == 1


@pytest.mark.req("F54")
def test_one_order_sent_by_several_workers_is_executed_once(desk: Desk) -> None:
    order = desk.place()
    desk.at_once(lambda: services.send_order(order_id=order.pk))
    desk.at_once(lambda: services.reconcile_order(order_id=order.pk, look_up=0))
    order.refresh_from_db()
    assert (order.status, order.filled_quantity) == ("filled", Decimal(1))
    assert PaperOrder.objects.count() == Execution.objects.count() == 1
    assert Position.objects.get().quantity == 1


@pytest.mark.req("F57")
def test_many_orders_at_once_add_up(desk: Desk) -> None:
    def trade() -> None:
        for _ in range(3):
            services.send_order(order_id=desk.place().pk)

    assert desk.at_once(trade) == [None] * THREADS
    expected = THREADS * 3
    assert Execution.objects.count() == expected
    position = Position.objects.get()
    assert position.quantity == expected
    assert position.cost == sum(row.quantity * row.price for row in Execution.objects.all())
    assert AccountBalance.objects.get().amount == Decimal(10_000) - position.fees
    sequences = sorted(PaperOrder.objects.values_list("sequence", flat=True))
    assert sequences == list(range(1, expected + 1))


@pytest.mark.req("F59", "F60")
def test_several_workers_on_one_bot_decide_once(desk: Desk) -> None:
    desk.market.close(10_000, 10_000, 10_000)
    bot = bots.create_bot(
        actor=desk.actor,
        name="B",
        trading_account_id=desk.account.pk,
        symbol=SYMBOL,
        interval="1m",
        strategy="sma_cross",
        params={"fast": 2, "slow": 4, "quantity": "1"},
    )
    bots.start_bot(actor=desk.actor, bot_id=bot.pk)
    desk.market.close(10_000, 13_000, 13_000, volume=100_000)
    desk.at_once(lambda: bots.run_bot(bot_id=bot.pk))
    assert Decision.objects.count() == 3
    assert Order.objects.filter(bot_id=bot.pk).count() == 1
    assert Bot.objects.get().fence == THREADS


def test_a_member_has_one_first_connection(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [
        accounts.create_account(actor=desk.actor, venue="paper", name=f"X{number}", currency="EUR").pk
        for number in range(THREADS)
    ]
    with transaction.atomic():
        TradingAccount.objects.update(first_connected_at=None)
    heard: list[TradingAccountConnected] = []
    monkeypatch.setitem(events._SUBSCRIBERS, TradingAccountConnected, [heard.append])
    waiting = iter(ids)
    desk.at_once(lambda: accounts.connect_account(actor=desk.actor, trading_account_id=next(waiting)))
    assert sorted(event.is_first for event in heard) == [False] * (THREADS - 1) + [True]
