"""Bots over the REST API, as a client sees them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Tenant
from tenant_apps.bots.models import Bot
from tenant_apps.trading.services import meet_market
from tests.support.api import Api, error_of
from tests.support.trading import SYMBOL, Market, run_outbox


@pytest.fixture
def api(acme: Tenant) -> Api:
    return Api("acme", "trader@acme.example.com")


@pytest.fixture
def paper(api: Api, market_of_coins: Market) -> str:
    """A connected paper account."""
    made = api.post("trading/accounts/", {"venue": "paper", "name": "Practice", "currency": "EUR"}).json()
    api.post(f"trading/accounts/{made['id']}/connect/")
    return str(made["id"])


def bot_body(paper: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": "Crosser",
        "trading_account": paper,
        "symbol": SYMBOL,
        "interval": "1m",
        "strategy": "sma_cross",
        "params": {"fast": 2, "slow": 4, "quantity": "1"},
    } | changes


def step(tenant: Tenant, market: Market, *closes: int) -> None:
    for close in closes:
        market.close(close)
        with tenant_context(tenant):
            meet_market(symbol=SYMBOL, interval="1m")
        run_outbox(tenant.schema_name)


@pytest.mark.req("S2-18", "S2-19", "S2-20", "S2-21", "S2-22", "S2-55", "S2-56", "S2-64", "S2-65", "F60")
def test_a_bot_from_its_making_to_the_reason_of_its_trade(
    api: Api, acme: Tenant, paper: str, market_of_coins: Market
) -> None:
    [strategy] = api.get("bots/strategies/").json()["results"]
    assert strategy["key"] == "sma_cross"
    assert strategy["params"]["properties"]["fast"] == {
        "type": "integer",
        "title": "Fast period",
        "description": "Candles in the fast average.",
        "default": 10,
        "minimum": 1,
        "maximum": 500,
    }
    made = api.post("bots/", bot_body(paper))
    assert made.status_code == 201, made.content
    bot = made.json()
    assert (bot["status"], bot["strategy_version"]["params"]["short"]) == ("created", False)
    assert api.post(f"bots/{bot['id']}/start/").json()["status"] == "running"
    step(acme, market_of_coins, 10_000, 10_000, 13_000, 13_000)
    decisions = api.get(f"bots/{bot['id']}/decisions/?ordering=bar_opened_at").json()["results"]
    assert [row["rule"] for row in decisions] == ["warm_up", "no_cross", "cross_up", "no_cross"]
    trade = decisions[2]
    assert trade["sentence"] == "The 2-candle average rose through the 4-candle average: buy 1."
    assert (trade["inputs"]["fast"], trade["inputs"]["slow"]) == ("115.00000000", "107.50000000")
    [order_id] = trade["order_ids"]
    order = api.get(f"trading/orders/{order_id}/").json()
    assert (order["status"], order["bot"], order["expected_price"]) == ("filled", bot["id"], "130")
    assert order["signal_bar_opened_at"] == trade["bar_opened_at"]
    assert api.get(f"trading/orders/?bot={bot['id']}").json()["count"] == 1
    assert api.get(f"bots/{bot['id']}/decisions/?verdict=ordered").json()["count"] == 1
    switched = api.post(
        f"bots/{bot['id']}/switch-strategy/",
        {"strategy": "sma_cross", "params": {"fast": 3, "slow": 6, "quantity": "1"}},
    ).json()
    assert switched["strategy_version"]["params"]["slow"] == 6
    assert api.post(f"bots/{bot['id']}/pause/", {"reason": "news"}).json()["status"] == "paused"
    assert api.post(f"bots/{bot['id']}/stop/").json()["status"] == "stopped"
    events = api.get(f"bots/{bot['id']}/events/").json()["results"]
    assert [event["kind"] for event in events] == [
        "stopped",
        "paused",
        "strategy_changed",
        "started",
        "created",
    ]
    counts = api.get("bots/statistics/?since=2020-01-01T00:00:00Z&until=2100-01-01T00:00:00Z").json()[
        "events"
    ]
    assert counts == {"created": 1, "started": 1, "strategy_changed": 1, "paused": 1, "stopped": 1}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"symbol": "NO-SUCH"}, "symbol"),
        ({"interval": "7m"}, "interval"),
        ({"interval": "1h"}, "interval"),
        ({"strategy": "astrology"}, "strategy"),
        ({"params": {"fast": 0}}, "params.fast"),
        ({"params": {"quantity": "0"}}, "params.quantity"),
        ({"params": {"fast": 1.5}}, "params.fast"),
        ({"params": []}, "params"),
        ({"name": ""}, "name"),
        ({"trading_account": "x"}, "trading_account"),
    ],
)
def test_a_bad_bot_is_a_400_that_names_the_field_and_nothing_is_written(
    api: Api, acme: Tenant, paper: str, changes: dict[str, Any], field: str
) -> None:
    body = error_of(api.post("bots/", bot_body(paper, **changes)), 400)
    assert field in body["details"], body
    with tenant_context(acme):
        assert not Bot.objects.exists()


@pytest.mark.req("S3-117", "C14")
def test_bots_of_others_are_not_there(api: Api, acme: Tenant, globex: Tenant, paper: str) -> None:
    bot = api.post("bots/", bot_body(paper)).json()
    buyer, auditor = Api("acme", "buyer@acme.example.com"), Api("acme", "auditor@acme.example.com")
    stranger = Api("globex", "trader@globex.example.com")
    error_of(api.post(f"bots/{bot['id']}/pause/"), 409)
    error_of(buyer.get("bots/"), 403)
    error_of(buyer.post(f"bots/{bot['id']}/start/"), 403)
    assert auditor.get(f"bots/{bot['id']}/").status_code == 200
    error_of(auditor.post(f"bots/{bot['id']}/start/"), 403)
    for path in ("", "decisions/", "events/"):
        error_of(stranger.get(f"bots/{bot['id']}/{path}"), 404)
    error_of(stranger.post(f"bots/{bot['id']}/start/"), 404)
    error_of(stranger.post("bots/", bot_body(paper)), 404)
    error_of(Api("acme").get("bots/"), 401)
    assert api.get(f"bots/{bot['id']}/").json()["status"] == "created"


def test_a_list_costs_the_same_with_one_row_and_with_three(api: Api, paper: str) -> None:
    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get(path).status_code == 200
        return len(captured)

    api.post("bots/", bot_body(paper))
    api.get("bots/")
    with_one = cost("bots/"), cost("trading/accounts/")
    for name in ("B", "C"):
        api.post("bots/", bot_body(paper, name=name))
        api.post("trading/accounts/", {"venue": "paper", "name": name, "currency": "EUR"})
    assert (cost("bots/"), cost("trading/accounts/")) == with_one
