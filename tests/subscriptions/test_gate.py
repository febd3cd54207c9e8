"""What a subscription opens where a tenant asks for one, and that nothing changes where it does not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.subscriptions import gate, options, services
from shared_apps.core.context import tenant_context
from shared_apps.core.errors import ConflictError, ForbiddenError
from shared_apps.core.options import values
from shared_apps.market_data.models import Instrument
from shared_apps.tenants.models import Tenant
from tenant_apps.bots import services as bots
from tenant_apps.bots.models import Bot
from tenant_apps.trading import services as trading
from tenant_apps.trading_accounts import services as accounts
from tenant_apps.trading_accounts.models import TradingAccount
from tests.subscriptions.shop import DAY, START, Clock, Shop
from tests.support.trading import SYMBOL

pytestmark = pytest.mark.django_db
REQUIRED = {options.REQUIRED_TO_TRADE: True}


def order(shop: Shop, account: TradingAccount) -> Any:
    return trading.place_order(
        actor=shop.buyer, trading_account_id=account.pk, symbol=SYMBOL, side="buy", quantity="1"
    )


@pytest.fixture
def desk(shop: Shop, clock: Clock, coin: Instrument) -> Any:
    """The buyer's account, connected now: the clock has started."""
    with tenant_context(shop.tenant):
        made = accounts.create_account(actor=shop.buyer, venue="paper", name="Desk", currency="EUR")
        yield accounts.connect_account(actor=shop.buyer, trading_account_id=made.pk)


@pytest.mark.req("F40")
def test_nothing_is_asked_by_default(shop: Shop, desk: TradingAccount, clock: Clock) -> None:
    clock.go(days=400)
    assert order(shop, desk).status == "queued"


@pytest.mark.req("F40", "S0-19")
def test_an_order_at_the_last_second_and_at_the_next(shop: Shop, desk: TradingAccount, clock: Clock) -> None:
    with values(REQUIRED):
        clock.set(START + 35 * DAY - timedelta(seconds=1))
        assert order(shop, desk).status == "queued"
        clock.go(seconds=1)
        with pytest.raises(ForbiddenError) as caught:
            order(shop, desk)
        assert caught.value.code == "subscription.required"
        assert caught.value.details["access_state"] == "expired"
        assert "Pay" in caught.value.message
        shop.pay(shop.choose("Basic"))
        assert order(shop, desk).status == "queued"


def test_what_the_plan_does_not_include(shop: Shop, desk: TradingAccount, clock: Clock) -> None:
    services.change_plan(
        actor=shop.seller, plan_id=shop.plans["Basic"].pk, changes={"entitlements": ["connect"]}
    )
    shop.pay(shop.choose("Basic"))
    with values(REQUIRED):
        with pytest.raises(ForbiddenError, match="another plan"):
            order(shop, desk)
        gate.require_access(shop.buyer, "connect")


@pytest.mark.req("F40")
def test_a_bot_starts_only_with_a_subscription(shop: Shop, desk: TradingAccount, clock: Clock) -> None:
    bot = bots.create_bot(
        actor=shop.buyer, name="B", trading_account_id=desk.pk, symbol=SYMBOL, interval="1m",
        strategy="sma_cross", params={"quantity": "1"},
    )  # fmt: skip
    clock.go(days=36)
    with values(REQUIRED), pytest.raises(ForbiddenError):
        bots.start_bot(actor=shop.buyer, bot_id=bot.pk)
    assert Bot.objects.get(pk=bot.pk).status == "created"
    assert bots.start_bot(actor=shop.buyer, bot_id=bot.pk).status == "running"


@pytest.mark.req("S0-22", "F40")
def test_a_real_account_is_connected_first_of_all_and_not_when_expired(
    shop: Shop, desk: TradingAccount, clock: Clock
) -> None:
    real = accounts.create_account(actor=shop.buyer, venue="paper", name="Real", currency="EUR")
    TradingAccount.objects.filter(pk=real.pk).update(is_simulated=False)
    clock.go(days=36)
    with values(REQUIRED), pytest.raises(ForbiddenError):
        accounts.connect_account(actor=shop.buyer, trading_account_id=real.pk)
    assert TradingAccount.objects.get(pk=real.pk).status == "disconnected"


def test_the_first_account_needs_no_subscription_that_it_alone_can_start(in_acme: Tenant, shop: Shop) -> None:
    with values(REQUIRED):
        gate.require_access(shop.buyer, "connect")
        with pytest.raises(ForbiddenError, match="connect a trading account first"):
            gate.require_access(shop.buyer, "trade")


def test_a_paused_subscription_opens_nothing(shop: Shop, desk: TradingAccount, clock: Clock) -> None:
    shop.pay(shop.choose("Basic"))
    services.pause_subscription(actor=shop.buyer, days=5)
    with values(REQUIRED), pytest.raises(ForbiddenError, match="paused"):
        gate.require_access(shop.buyer, "connect")


def test_the_switch_is_each_tenant_s_own(shop: Shop, globex: Tenant) -> None:
    from shared_apps.configuration.services import change_setting

    with tenant_context(shop.tenant):
        change_setting(actor=shop.seller, name="subscriptions.required_to_trade", value=True)
    assert options.REQUIRED_TO_TRADE.value_for(shop.tenant.schema_name)
    assert not options.REQUIRED_TO_TRADE.value_for(globex.schema_name)


def test_without_the_switch_the_gate_asks_no_database(shop: Shop, django_assert_num_queries: Any) -> None:
    options.REQUIRED_TO_TRADE.value_for(shop.buyer.tenant_schema)
    with django_assert_num_queries(0):
        gate.require_access(shop.buyer, "trade")


def test_names_are_taken_once(shop: Shop) -> None:
    with pytest.raises(ConflictError, match="of this name"):
        shop.plan("Basic")
    assert Decimal(shop.prices["Basic"].amount) == 35
