from __future__ import annotations

import random
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenant_apps.bots.engine import BarDecision, decide
from tenant_apps.bots.strategies.base import Context, Portfolio, Strategy, StrategyError, Why
from tenant_apps.bots.strategies.indicators import Frame, Sma
from tenant_apps.bots.strategies.params import InvalidParams, Params, parse_params
from tenant_apps.bots.strategies.registry import (
    UnknownStrategy,
    build_strategy,
    full_params,
    strategy_type,
    strategy_types,
)
from tenant_apps.bots.strategies.sma_cross import SmaCross, SmaCrossParams
from tenant_apps.trading_accounts.venues.base import Side
from tests.trading.factories import COIN, bars

RISE = [100, 100, 100, 100, 100, 130, 150]
FALL = [100, 100, 100, 100, 100, 70, 50]


def decisions(
    closes: list[int], portfolio: Portfolio | None = None, start: int = 0, **params: object
) -> list[BarDecision]:
    strategy = build_strategy("sma_cross", {"fast": 2, "slow": 4, "quantity": "1", **params})
    frame = Frame(bars(closes), strategy.indicators())
    made = []
    for frame.cursor in range(start, len(closes)):
        made.append(decide(strategy, frame, spec=COIN, portfolio=portfolio or Portfolio()))
    return made


@pytest.mark.req("S2-22", "F60")
def test_every_bar_has_a_decision_the_warm_up_included() -> None:
    made = decisions(RISE)
    assert [decision.rule for decision in made] == ["warm_up"] * 4 + ["no_cross", "cross_up", "no_cross"]
    assert made[1].sentence == "Warming up: 2 of the 5 candles that the indicators need have closed."
    assert made[4].sentence == "No trade: the 2-candle average stays equal to the 4-candle average."
    assert len({decision.inputs_hash for decision in made}) == len(made)


@pytest.mark.req("S2-22", "F60")
def test_a_rise_through_the_slow_average_buys_and_says_why() -> None:
    decision = decisions(RISE)[5]
    [intent] = decision.intents
    assert (intent.side, intent.quantity, intent.leg) == (Side.BUY, Decimal(1), 0)
    assert decision.thresholds == {"fast_period": 2, "slow_period": 4}
    assert decision.inputs == {
        "close": "1.30",
        "fast": "1.15000000",
        "slow": "1.07500000",
        "fast_before": "1.00000000",
        "slow_before": "1.00000000",
        "position": "0",
        "order": "1",
        "side": "buy",
    }
    assert decision.sentence == "The 2-candle average rose through the 4-candle average: buy 1."


@pytest.mark.parametrize(
    ("closes", "held", "short", "expected"),
    [
        (RISE, "0", False, (Side.BUY, "1")),
        (RISE, "1", False, None),
        (RISE, "-1", True, (Side.BUY, "2")),
        (FALL, "1", False, (Side.SELL, "1")),
        (FALL, "0", False, None),
        (FALL, "0", True, (Side.SELL, "1")),
        (FALL, "1", True, (Side.SELL, "2")),
        (FALL, "-1", False, None),
    ],
)
def test_a_cross_trades_what_is_missing_to_its_target(
    closes: list[int], held: str, short: bool, expected: tuple[Side, str] | None
) -> None:
    decision = decisions(closes, Portfolio(quantity=Decimal(held)), short=short)[5]
    if expected is None:
        assert decision.intents == ()
        assert decision.rule == "already_there"
    else:
        [intent] = decision.intents
        assert (intent.side, intent.quantity) == (expected[0], Decimal(expected[1]))


def test_no_second_order_while_one_is_working() -> None:
    decision = decisions(RISE, Portfolio(working=Decimal(1)))[5]
    assert (decision.rule, decision.intents) == ("order_working", ())


@given(
    closes=st.lists(st.integers(1, 10**8), min_size=1, max_size=120),
    period=st.integers(1, 30),
    skip=st.integers(0, 60),
)
def test_an_average_is_exact_wherever_the_series_begins(closes: list[int], period: int, skip: int) -> None:
    """A backtest over everything and a live bot with its last candles read the same number, to the last
    bit."""
    whole = Sma(period).compute(np.array(closes, dtype=np.float64)) if len(closes) >= period else None
    window = closes[skip:]
    if whole is None or len(window) < period:
        return
    part = Sma(period).compute(np.array(window, dtype=np.float64))
    assert part[period - 1 :].tolist() == whole[skip + period - 1 :].tolist()
    assert part[-1] == sum(window[-period:]) / period


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), loaded=st.integers(5, 60))
def test_a_decision_does_not_depend_on_how_much_history_is_loaded(seed: int, loaded: int) -> None:
    noise = random.Random(seed)
    closes = [1_000]
    for _ in range(99):
        closes.append(max(1, closes[-1] + noise.randint(-50, 50)))
    everything = decisions(closes)
    strategy = build_strategy("sma_cross", {"fast": 2, "slow": 4, "quantity": "1"})
    frame = Frame(bars(closes)[-loaded:], strategy.indicators())
    frame.cursor = loaded - 1
    last = decide(strategy, frame, spec=COIN, portfolio=Portfolio())
    assert last == everything[-1]


def test_the_future_cannot_be_read() -> None:
    strategy = build_strategy("sma_cross", {"fast": 2, "slow": 4})
    frame = Frame(bars(RISE), strategy.indicators())
    frame.cursor = 4
    with pytest.raises(LookupError):
        frame.value("fast", -1)
    assert frame.value("fast", 9) is None


class Silent(Strategy):
    key, version, sentences = "silent", 1, {}
    warmup = 1

    def indicators(self) -> dict[str, Sma]:
        return {}

    def on_bar(self, ctx: Context, bar: object) -> None:
        return None


class Chatty(Silent):
    def on_bar(self, ctx: Context, bar: object) -> None:
        ctx.hold(why=Why("a"))
        ctx.hold(why=Why("b"))


class Backwards(Silent):
    def on_bar(self, ctx: Context, bar: object) -> None:
        ctx.buy(Decimal(-1), why=Why("a"))


@pytest.mark.parametrize("kind", [Silent, Chatty, Backwards])
def test_a_strategy_gives_exactly_one_reason_and_positive_orders(kind: type[Strategy]) -> None:
    frame = Frame(bars([100]), {})
    frame.cursor = 0
    with pytest.raises(StrategyError):
        decide(kind(Params()), frame, spec=COIN, portfolio=Portfolio())


@pytest.mark.req("S2-56")
@pytest.mark.parametrize(
    ("raw", "field", "text"),
    [
        ({"fast": 30, "slow": 10}, "fast", "shorter"),
        ({"fast": 0}, "fast", "at least 1"),
        ({"fast": 501}, "fast", "at most 500"),
        ({"fast": "2.5"}, "fast", "whole"),
        ({"fast": "NaN"}, "fast", "finite"),
        ({"fast": True}, "fast", "number"),
        ({"fast": [1]}, "fast", "number"),
        ({"quantity": "Infinity"}, "quantity", "finite"),
        ({"quantity": "1e400"}, "quantity", "digits"),
        ({"quantity": "1e-400"}, "quantity", "digits"),
        ({"quantity": "0"}, "quantity", "at least"),
        ({"short": "yes"}, "short", "true or false"),
        ({"colour": 1}, "colour", "no such parameter"),
    ],
)
def test_a_bad_parameter_is_named_with_its_rule(raw: dict[str, object], field: str, text: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        parse_params(SmaCrossParams, raw)
    assert list(caught.value.errors) == [field]
    assert text in caught.value.errors[field][0]


def test_parameters_are_stored_in_full() -> None:
    assert full_params("sma_cross", {"quantity": "2.50"}) == {
        "fast": 10,
        "slow": 30,
        "quantity": "2.50",
        "short": False,
    }


def test_the_registry_knows_its_strategies() -> None:
    assert SmaCross in strategy_types()
    assert strategy_type("sma_cross") is SmaCross
    with pytest.raises(UnknownStrategy):
        strategy_type("astrology")
