"""The pages of bots: making one, running it, and reading why."""

from __future__ import annotations

import html
import json
import re

import pytest

from shared_apps.access.actors import Actor
from shared_apps.market_data.models import Instrument
from shared_apps.tenants.models import Tenant
from tenant_apps.bots.models import Bot, Decision
from tenant_apps.trading.services import meet_market
from tenant_apps.trading_accounts.models import TradingAccount
from tests.support.pages import HTMX, visitor
from tests.support.trading import Market, run_outbox

FORM = {
    "name": "Crosser",
    "symbol": "COIN-EUR",
    "interval": "1m",
    "param_fast": "2",
    "param_slow": "3",
    "param_quantity": "1.5",
}


def make(account: TradingAccount, **changes: str):
    return visitor("acme", "trader").post("/bots/new/", FORM | {"trading_account": str(account.pk)} | changes)


def run(acme: Tenant, market: Market, *closes: int) -> None:
    """Close bars one by one, each met by the tenant's orders and bots."""
    for close in closes:
        market.close(close)
        meet_market(symbol="COIN-EUR", interval="1m")
        run_outbox(acme.schema_name)


@pytest.mark.req("S2-19")
def test_a_bot_is_made_stopped_with_its_parameters(coin: Instrument, account: TradingAccount) -> None:
    form = visitor("acme", "trader").get("/bots/new/").content.decode()
    assert "Moving average cross" in form and 'name="param_fast"' in form and "Fast period" in form
    answer = make(account)
    bot = Bot.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/bots/{bot.pk}/")
    assert (bot.name, bot.status, bot.trading_account_id) == ("Crosser", "created", account.pk)
    assert bot.strategy_version.params == {"fast": 2, "slow": 3, "quantity": "1.5", "short": False}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"param_fast": "3"}, "param_fast"),
        ({"param_fast": "0"}, "param_fast"),
        ({"param_fast": "two"}, "param_fast"),
        ({"param_quantity": "0.15"}, "param_quantity"),
        ({"param_quantity": "NaN"}, "param_quantity"),
        ({"name": " "}, "name"),
        ({"symbol": "NOPE"}, "symbol"),
        ({"interval": "4h"}, "interval"),
        ({"trading_account": "00000000-0000-0000-0000-000000000000"}, "trading_account"),
    ],
)
def test_a_wrong_value_is_named_and_no_bot_is_made(
    coin: Instrument, account: TradingAccount, change: dict[str, str], field: str
) -> None:
    answer = make(account, **change)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not Bot.objects.exists()


def test_without_an_account_the_page_leads_to_one(in_acme: Tenant) -> None:
    page = visitor("acme", "trader").get("/bots/new/")
    assert page.status_code == 200
    assert b'href="/accounts/new/"' in page.content and b"param_fast" not in page.content


@pytest.mark.req("S2-22", "S2-20")
def test_every_bar_is_explained_and_every_trade_is_on_the_chart(
    coin: Instrument, market_of_coins: Market, account: TradingAccount, acme: Tenant
) -> None:
    make(account)
    bot = Bot.objects.get()
    client = visitor("acme", "trader")
    assert client.post(f"/bots/{bot.pk}/start/").status_code == 302
    run(acme, market_of_coins, 10_000, 10_000, 10_400, 10_800, 10_900)
    assert set(Decision.objects.values_list("verdict", flat=True)) >= {"no_trade", "ordered"}
    page = client.get(f"/bots/{bot.pk}/")
    body = page.content.decode()
    assert "No trade: the 2-candle average stays" in body
    assert "The 2-candle average rose through the 3-candle average: buy 1.5." in body
    trades = json.loads(html.unescape(re.search(r'data-trades="([^"]*)"', body)[1]))
    assert len(trades) == 1 and trades[0]["side"] == "buy"
    candles = json.loads(re.search(r'id="chart-candles"[^>]*>([^<]*)<', body)[1])
    assert trades[0]["time"] in {candle["opened_at"] for candle in candles}
    why = client.get(f"/bots/{bot.pk}/orders/{trades[0]['order']}/why/", headers=HTMX).content.decode()
    assert "<html" not in why
    for words in ("cross_up", "Fast average", "Slow period", "Candle of", "filled at", "is-buy"):
        assert words in why
    idle = Decision.objects.filter(verdict="no_trade").first()
    nothing = client.get(f"/bots/{bot.pk}/decisions/{idle.pk}/", headers=HTMX).content.decode()
    assert "No order." in nothing and "is-none" in nothing
    only = client.get(f"/bots/{bot.pk}/?trades=1")
    assert {decision.verdict for decision, _text in only.context["decisions"]} == {"ordered"}
    live = client.get(f"/bots/{bot.pk}/live/", headers=HTMX).content.decode()
    assert live.count('hx-swap-oob="true"') == 4
    board = client.get("/").content.decode()
    assert "Crosser" in board and "Latest decisions" in board and "buy 1.5." in board


def test_start_pause_and_stop_follow_the_states(coin: Instrument, account: TradingAccount) -> None:
    make(account)
    bot = Bot.objects.get()
    client = visitor("acme", "trader")
    for action, status in (
        ("start", "running"),
        ("pause", "paused"),
        ("start", "running"),
        ("stop", "stopped"),
    ):
        client.post(f"/bots/{bot.pk}/{action}/")
        assert Bot.objects.get().status == status
    refused = client.post(f"/bots/{bot.pk}/pause/", follow=True)
    assert Bot.objects.get().status == "stopped"
    assert b'data-tone="error"' in refused.content
    assert client.get(f"/bots/{bot.pk}/start/").status_code == 302
    assert Bot.objects.get().status == "stopped"


@pytest.mark.req("S3-118")
@pytest.mark.parametrize(
    ("who", "sees", "controls"), [("owner", 200, 302), ("auditor", 200, 403), ("buyer", 403, 403)]
)
def test_who_sees_and_who_controls(
    coin: Instrument, account: TradingAccount, who: str, sees: int, controls: int
) -> None:
    make(account)
    bot = Bot.objects.get()
    client = visitor("acme", who)
    assert client.get(f"/bots/{bot.pk}/").status_code == sees
    assert client.post(f"/bots/{bot.pk}/start/").status_code == controls
    assert Bot.objects.get().status == ("running" if controls == 302 else "created")
    assert client.post("/bots/new/", FORM).status_code == 403


def test_another_tenants_trader_finds_nothing(
    globex: Tenant, coin: Instrument, account: TradingAccount, trader: Actor
) -> None:
    make(account)
    bot = Bot.objects.get()
    client = visitor("globex", "trader")
    for path in ("", "live/"):
        assert client.get(f"/bots/{bot.pk}/{path}").status_code == 404
    assert client.post(f"/bots/{bot.pk}/start/").status_code == 404
    assert Bot.objects.get().status == "created"


@pytest.mark.req("S3-126")
def test_the_list_costs_the_same_with_one_bot_and_with_three(
    coin: Instrument, account: TradingAccount, django_assert_num_queries, django_assert_max_num_queries
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client = visitor("acme", "trader")
    counts = []
    for name in ("A", "B", "C"):
        make(account, name=name)
        client.get("/bots/")
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/bots/").status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[2]
