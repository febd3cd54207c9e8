from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import ProgrammingError, connection, transaction

from shared_apps.access.actors import Actor
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.tenants.models import Tenant
from tenant_apps.bots import queries, services
from tenant_apps.bots.models import Bot, BotEvent, Decision, StrategyVersion
from tenant_apps.bots.services import running
from tenant_apps.trading.models import Execution, Order, Position
from tenant_apps.trading.services import meet_market
from tenant_apps.trading_accounts.models import TradingAccount
from tests.support.trading import SYMBOL, Market, run_outbox

PARAMS = {"fast": 2, "slow": 4, "quantity": "1"}


def make(actor: Actor, account: TradingAccount, **changes: object) -> Bot:
    values: dict[str, object] = {
        "name": "Crosser",
        "trading_account_id": account.pk,
        "symbol": SYMBOL,
        "interval": "1m",
        "strategy": "sma_cross",
        "params": PARAMS,
    }
    return services.create_bot(actor=actor, **(values | changes))  # type: ignore[arg-type]


@pytest.fixture
def bot(in_acme: Tenant, trader: Actor, account: TradingAccount, market_of_coins: Market) -> Bot:
    market_of_coins.close(10_000, 10_000)
    made = make(trader, account)
    return services.start_bot(actor=trader, bot_id=made.pk)


def live(tenant: Tenant) -> None:
    """What happens in a tenant when a candle has closed."""
    meet_market(symbol=SYMBOL, interval="1m")
    run_outbox(tenant.schema_name)


def rules(bot: Bot) -> list[tuple[str, str]]:
    return list(Decision.objects.filter(bot=bot).order_by("bar_opened_at").values_list("rule", "verdict"))


@pytest.mark.req("S2-18", "S2-19", "S2-21", "S2-22", "S2-55", "S2-64", "S2-65", "F59", "F60")
def test_a_bot_decides_on_every_bar_trades_and_says_why(
    in_acme: Tenant, bot: Bot, market_of_coins: Market
) -> None:
    for close in (10_000, 13_000, 15_000):
        market_of_coins.close(close)
        live(in_acme)
    assert rules(bot) == [("no_cross", "no_trade"), ("cross_up", "ordered"), ("no_cross", "no_trade")]
    decision = Decision.objects.get(rule="cross_up")
    [order] = Order.objects.filter(bot_id=bot.pk)
    assert decision.order_ids == [order.pk]
    assert order.signal_bar_opened_at == decision.bar_opened_at
    assert order.expected_price == Decimal(130)
    [execution] = Execution.objects.filter(order=order)
    assert execution.price == Decimal("130.01"), "the next bar's open, never the bar of the signal"
    assert execution.executed_at > decision.bar_opened_at
    assert Position.objects.get().quantity == 1
    bot.refresh_from_db()
    assert bot.last_bar_opened_at == Decision.objects.latest("bar_opened_at").bar_opened_at
    assert bot.heartbeat_at is not None


def test_the_position_is_left_when_the_averages_cross_back(
    in_acme: Tenant, bot: Bot, market_of_coins: Market
) -> None:
    for close in (13_000, 13_000, 13_000, 8_000, 8_000):
        market_of_coins.close(close)
        live(in_acme)
    assert [rule for rule, _ in rules(bot)].count("cross_down") == 1
    position = Position.objects.get()
    assert (position.quantity, position.realised) == (0, Decimal("79.99") - Decimal("130.01"))


def test_bars_missed_while_the_worker_was_away_are_made_up_for(
    in_acme: Tenant, bot: Bot, market_of_coins: Market
) -> None:
    market_of_coins.close(10_000, 13_000, 13_000, 13_000, 13_000)
    live(in_acme)
    assert rules(bot)[1] == ("cross_up", "ordered"), "four bars old: still traded"
    assert len(rules(bot)) == 5
    live(in_acme)
    assert len(rules(bot)) == 5


def test_an_old_signal_is_recorded_and_not_traded(in_acme: Tenant, bot: Bot, market_of_coins: Market) -> None:
    market_of_coins.close(13_000, *[13_000] * 6)
    live(in_acme)
    assert rules(bot)[0] == ("cross_up", "stale")
    assert not Order.objects.exists()


@pytest.mark.req("F60")
def test_warm_up_is_decided_and_explained_too(
    in_acme: Tenant, trader: Actor, account: TradingAccount, market_of_coins: Market
) -> None:
    bot = services.start_bot(actor=trader, bot_id=make(trader, account).pk)
    market_of_coins.close(10_000, 10_000)
    live(in_acme)
    assert rules(bot) == [("warm_up", "no_trade"), ("no_cross", "no_trade")]
    first = Decision.objects.earliest("bar_opened_at")
    assert first.sentence == "Warming up: 4 of the 5 candles that the indicators need have closed."


@pytest.mark.req("F59")
def test_a_step_that_dies_has_done_nothing_and_is_done_once_afterwards(
    in_acme: Tenant, bot: Bot, market_of_coins: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    market_of_coins.close(13_000)

    class Killed(BaseException):
        """The end of the process."""

    def die(_event: object) -> None:
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(running, "emit", die)
        services.run_bot(bot_id=bot.pk)
    assert not Decision.objects.exists()
    assert not Order.objects.exists()
    for _ in range(3):
        services.run_bot(bot_id=bot.pk)
    assert rules(bot) == [("cross_up", "ordered")]
    assert Order.objects.count() == 1


@pytest.mark.req("F59", "S2-21")
def test_a_paused_bot_leaves_positions_and_enters_none(
    in_acme: Tenant, trader: Actor, bot: Bot, market_of_coins: Market
) -> None:
    services.pause_bot(actor=trader, bot_id=bot.pk, reason="news")
    market_of_coins.close(13_000)
    live(in_acme)
    assert rules(bot) == [("cross_up", "entries_paused")]
    services.start_bot(actor=trader, bot_id=bot.pk)
    for close in (8_000, 8_000, 8_000, 13_000, 13_000):
        market_of_coins.close(close)
        live(in_acme)
    assert Position.objects.get().quantity == 1
    services.pause_bot(actor=trader, bot_id=bot.pk)
    for close in (8_000, 8_000, 8_000, 8_000):
        market_of_coins.close(close)
        live(in_acme)
    assert Position.objects.get().quantity == 0


@pytest.mark.req("S2-20", "F59")
def test_another_strategy_takes_effect_with_the_next_bar_and_is_recorded(
    in_acme: Tenant, trader: Actor, bot: Bot, market_of_coins: Market
) -> None:
    market_of_coins.close(10_000)
    live(in_acme)
    services.switch_strategy(actor=trader, bot_id=bot.pk, strategy="sma_cross", params={**PARAMS, "slow": 3})
    market_of_coins.close(10_000)
    live(in_acme)
    versions = Decision.objects.order_by("bar_opened_at").values_list("thresholds__slow_period", flat=True)
    assert list(versions) == [4, 3]
    event = BotEvent.objects.get(kind="strategy_changed")
    assert event.details["old_version"] != event.details["new_version"]
    assert StrategyVersion.objects.count() == 2


@pytest.mark.req("C33", "S2-34")
def test_every_switch_is_an_event_and_they_are_counted(in_acme: Tenant, trader: Actor, bot: Bot) -> None:
    services.stop_bot(actor=trader, bot_id=bot.pk, reason="holiday")
    services.start_bot(actor=trader, bot_id=bot.pk)
    services.stop_bot(actor=trader, bot_id=bot.pk)
    events = BotEvent.objects.filter(bot=bot).order_by("id")
    assert [event.kind for event in events] == ["created", "started", "stopped", "started", "stopped"]
    assert events[2].reason == "holiday"
    assert events[2].actor_member_id == trader.member_id
    first, last = events[0].created_at, events[4].created_at
    assert queries.event_counts(trader, since=first, until=last) == {"created": 1, "started": 2, "stopped": 1}
    with pytest.raises(ConflictError):
        services.stop_bot(actor=trader, bot_id=bot.pk)
    with pytest.raises(ConflictError):
        services.pause_bot(actor=trader, bot_id=bot.pk)


def test_a_bot_that_stood_still_begins_with_the_next_bar(
    in_acme: Tenant, trader: Actor, bot: Bot, market_of_coins: Market
) -> None:
    services.stop_bot(actor=trader, bot_id=bot.pk)
    market_of_coins.close(13_000, 13_000)
    live(in_acme)
    services.start_bot(actor=trader, bot_id=bot.pk)
    live(in_acme)
    assert not Decision.objects.exists()
    market_of_coins.close(13_000)
    live(in_acme)
    assert Decision.objects.count() == 1


def test_an_order_that_is_refused_is_in_the_decision(
    in_acme: Tenant, trader: Actor, bot: Bot, market_of_coins: Market
) -> None:
    TradingAccount.objects.update(status="disconnected")
    market_of_coins.close(13_000)
    live(in_acme)
    decision = Decision.objects.get()
    assert (decision.verdict, decision.verdict_text) == ("refused", "The trading account is not connected.")
    bot.refresh_from_db()
    assert bot.status == "running"


def test_a_strategy_that_breaks_its_contract_puts_the_bot_into_error(
    in_acme: Tenant, bot: Bot, market_of_coins: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenant_apps.bots.strategies.sma_cross.SmaCross.on_bar", lambda *_args: None)
    market_of_coins.close(13_000)
    assert services.run_bot(bot_id=bot.pk) == 0
    bot.refresh_from_db()
    assert bot.status == "error"
    assert "gave no reason" in bot.status_reason
    assert BotEvent.objects.filter(bot=bot, kind="failed").count() == 1


@pytest.mark.req("S2-56")
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"symbol": "NO-SUCH"}, "symbol"),
        ({"interval": "5m"}, "interval"),
        ({"strategy": "astrology"}, "strategy"),
        ({"params": {**PARAMS, "fast": 9}}, "params.fast"),
        ({"params": {**PARAMS, "quantity": "NaN"}}, "params.quantity"),
        ({"params": {**PARAMS, "quantity": "0.05"}}, "params.quantity"),
        ({"params": {**PARAMS, "colour": 1}}, "params.colour"),
        ({"name": " "}, "name"),
    ],
)
def test_a_bot_that_breaks_a_rule_is_not_made_and_the_field_is_named(
    in_acme: Tenant,
    trader: Actor,
    account: TradingAccount,
    coin: object,
    changes: dict[str, object],
    field: str,
) -> None:
    with pytest.raises(DomainError) as caught:
        make(trader, account, **changes)
    assert caught.value.status == 400
    assert field in caught.value.details
    assert not Bot.objects.exists()
    assert not StrategyVersion.objects.exists()


def test_nobody_else_has_or_moves_a_bot(
    in_acme: Tenant, bot: Bot, account: TradingAccount, actor_in: Callable[[str], Actor]
) -> None:
    for who, error in (("buyer", NotFoundError), ("auditor", ForbiddenError)):
        with pytest.raises(error):
            services.stop_bot(actor=actor_in(who), bot_id=bot.pk)
        with pytest.raises((ForbiddenError, NotFoundError)):
            make(actor_in(who), account, name="Mine")
    bot.refresh_from_db()
    assert bot.status == "running"
    assert services.stop_bot(actor=actor_in("staff"), bot_id=bot.pk).status == "stopped"
    with pytest.raises(ForbiddenError):
        services.switch_strategy(actor=actor_in("staff"), bot_id=bot.pk, strategy="sma_cross", params=PARAMS)


@pytest.mark.parametrize("table", ["bots_botevent", "bots_decision", "bots_strategyversion"])
def test_a_bots_journals_cannot_be_rewritten(in_acme: Tenant, bot: Bot, table: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(f"DELETE FROM {table}")
