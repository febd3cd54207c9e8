"""The demo's trader has something to show from the first minute."""

from __future__ import annotations

import pytest

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.market_data import services as market
from shared_apps.market_data.models import Feed
from shared_apps.tenants import demo
from shared_apps.tenants.models import Tenant
from tenant_apps.bots.models import Bot, Decision
from tenant_apps.trading.models import Execution, Order, Position
from tenant_apps.trading.rules.positions import Fill, replay
from tenant_apps.trading.services import meet_market
from tenant_apps.trading.shapes import position_state
from tenant_apps.trading_accounts.models import TradingAccount
from tenant_apps.trading_accounts.venues.base import Side
from tests.support.trading import MARKET_ACTOR, run_outbox


@pytest.mark.req("F59", "F60", "F57")
def test_the_demo_is_seeded_once_and_its_bot_trades_on_the_simulated_market(acme: Tenant) -> None:
    for _ in range(2):
        demo.seed()
    with tenant_context(acme):
        assert (TradingAccount.objects.count(), Bot.objects.get().status) == (1, "running")
    with platform_context():
        feed = Feed.objects.get()
    for _ in range(60):
        with platform_context():
            market.advance_feed(actor=MARKET_ACTOR, feed_id=feed.pk)
        with tenant_context(acme):
            meet_market(symbol="DEMO-EUR", interval="1m")
        run_outbox(acme.schema_name)
    with tenant_context(acme):
        assert Decision.objects.count() == 60
        ordered = Decision.objects.filter(verdict="ordered")
        assert ordered.count() == Order.objects.count() >= 2
        assert set(Order.objects.values_list("status", flat=True)[1:]) == {"filled"}
        fills = [
            Fill(Side(row.side), row.quantity, row.price, row.fee) for row in Execution.objects.order_by("id")
        ]
        assert replay(fills) == position_state(Position.objects.get())
