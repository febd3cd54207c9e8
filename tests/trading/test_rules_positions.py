from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_apps.market_data.rules import EXACT
from tenant_apps.trading.rules.positions import Fill, PositionState, apply_fill, replay
from tenant_apps.trading_accounts.venues.base import Side

D = Decimal
quantities = st.integers(1, 10**9).map(lambda lots: EXACT.multiply(D(lots), D("0.001")))
prices = st.integers(1, 10**12).map(lambda ticks: EXACT.multiply(D(ticks), D("0.00000001")))
fees = st.integers(0, 10**9).map(lambda units: EXACT.multiply(D(units), D("0.000000000001")))
fills = st.lists(st.builds(Fill, st.sampled_from(Side), quantities, prices, fees), max_size=40)


def buy(quantity: str, price: str, fee: str = "0") -> Fill:
    return Fill(Side.BUY, D(quantity), D(price), D(fee))


def sell(quantity: str, price: str, fee: str = "0") -> Fill:
    return Fill(Side.SELL, D(quantity), D(price), D(fee))


@pytest.mark.req("S1-27", "S1-30", "F57")
@pytest.mark.parametrize(
    ("series", "quantity", "average", "realised"),
    [
        ([], "0", None, "0"),
        ([buy("2", "100"), buy("2", "110")], "4", "105", "0"),
        ([buy("2", "100"), sell("1", "130")], "1", "100", "30"),
        ([buy("2", "100"), sell("2", "90")], "0", None, "-20"),
        ([sell("3", "50"), buy("1", "40")], "-2", "50", "10"),
        ([sell("3", "50"), sell("1", "54")], "-4", "51", "0"),
        # through zero: 2 closed with 20 profit, 3 opened short at 110
        ([buy("2", "100"), sell("5", "110")], "-3", "110", "20"),
        ([sell("2", "100"), buy("5", "110")], "3", "110", "-20"),
    ],
)
def test_netting(series: list[Fill], quantity: str, average: str | None, realised: str) -> None:
    position = replay(series)
    assert position.quantity == D(quantity)
    assert position.average_price == (None if average is None else D(average))
    assert position.realised == D(realised)


def test_fees_are_added_up_and_kept_out_of_the_gross_profit() -> None:
    position = replay([buy("1", "100", "0.1"), sell("1", "120", "0.12")])
    assert (position.realised, position.fees) == (D("20"), D("0.22"))


@given(fills)
def test_money_is_conserved_to_the_last_digit(series: list[Fill]) -> None:
    position = replay(series)
    cash = D(0)
    for fill in series:
        cash = EXACT.subtract(cash, EXACT.multiply(fill.quantity * fill.side.sign, fill.price))
    assert EXACT.subtract(position.realised, position.cost) == cash
    assert position.quantity == sum((fill.quantity * fill.side.sign for fill in series), D(0))


@given(fills, prices)
def test_profit_at_any_mark_is_cash_plus_value(series: list[Fill], mark: Decimal) -> None:
    position = replay(series)
    value = EXACT.multiply(position.quantity, mark)
    cash = EXACT.subtract(position.realised, position.cost)
    assert EXACT.add(position.realised, position.unrealised(mark)) == EXACT.add(cash, value)


@given(fills)
def test_a_flat_position_has_no_cost_and_no_average(series: list[Fill]) -> None:
    position = PositionState()
    for fill in series:
        position = apply_fill(position, fill).position
        if position.quantity == 0:
            assert position.cost == 0
            assert position.average_price is None
        else:
            assert (position.cost > 0) == (position.quantity > 0)


@given(fills, st.integers(0, 40))
def test_a_replay_may_be_cut_anywhere(series: list[Fill], cut: int) -> None:
    assert replay(series[cut:], replay(series[:cut])) == replay(series)


@given(fills)
def test_the_profit_of_each_fill_adds_up_to_the_positions(series: list[Fill]) -> None:
    position, total = PositionState(), D(0)
    for fill in series:
        effect = apply_fill(position, fill)
        position, total = effect.position, EXACT.add(total, effect.realised)
    assert total == position.realised


@given(quantities, prices, quantities)
def test_adding_at_the_same_price_keeps_the_average(first: Decimal, price: Decimal, second: Decimal) -> None:
    position = replay([Fill(Side.BUY, first, price), Fill(Side.BUY, second, price)])
    assert position.average_price == price
    assert position.realised == 0
