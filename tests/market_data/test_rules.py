from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.market_data.rules import CandleValues, Interval
from tests.trading.factories import COIN, ETH_BTC, START

D = Decimal


def test_a_float_artefact_of_the_source_becomes_what_the_exchange_printed() -> None:
    assert ETH_BTC.nearest_price(D("0.09946999000000001")) == D("0.09946999")
    assert ETH_BTC.nearest_price(D("0.09968999999999999")) == D("0.09969")


@given(st.integers(1, 10**12), st.floats(-0.4, 0.4))
def test_the_nearest_tick_undoes_any_error_below_half_a_tick(ticks: int, error: float) -> None:
    noisy = ETH_BTC.price(ticks) + ETH_BTC.price_tick * D(error).quantize(D("0.001"))
    assert ETH_BTC.ticks(ETH_BTC.nearest_price(noisy)) == ticks


@given(st.integers(0, 10**15))
def test_ticks_and_lots_go_there_and_back(number: int) -> None:
    assert ETH_BTC.ticks(ETH_BTC.price(number)) == number
    assert ETH_BTC.lots(ETH_BTC.quantity(number)) == number


def test_a_price_off_the_grid_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="multiple"):
        COIN.ticks(D("1.001"))
    assert COIN.whole_lots(D("1.29")) == 12


@pytest.mark.parametrize("interval", Interval)
def test_candles_open_on_their_grid(interval: Interval) -> None:
    midnight = START.replace(hour=0)
    assert interval.is_aligned(midnight)
    assert not interval.is_aligned(midnight + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        (("1", "2", "0.5", "1.5", "1"), None),
        (("1", "0.9", "0.5", "0.8", "1"), "high"),
        (("1", "2", "1.2", "1.5", "1"), "low"),
        (("1", "2", "0", "1.5", "1"), "zero"),
        (("1", "2", "0.5", "1.5", "-1"), "volume"),
    ],
)
def test_impossible_candles_are_found(values: tuple[str, ...], problem: str | None) -> None:
    opened, high, low, close, volume = map(D, values)
    problems = list(CandleValues(START, opened, high, low, close, volume).problems())
    assert bool(problems) == (problem is not None)
    if problem:
        assert any(problem in text for text in problems)
