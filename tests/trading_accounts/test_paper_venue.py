from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared_apps.market_data.rules import Bar
from tenant_apps.trading_accounts.venues.base import (
    OrderReport,
    OrderType,
    Side,
    TimeInForce,
    VenueOrder,
    VenueOrderState,
    VenueRejected,
    VenueTimeout,
    VenueUnavailable,
)
from tenant_apps.trading_accounts.venues.paper.memory import MemoryBook, MemoryMarket
from tenant_apps.trading_accounts.venues.paper.model import Faults, PaperModel
from tenant_apps.trading_accounts.venues.paper.venue import PaperVenue
from tests.trading.factories import COIN, START, bar, bars

MODEL = PaperModel(spread_ticks=2, slippage=Decimal(0), fee_rate=Decimal("0.001"))


class Simulation:
    """A venue with its book and market, driven bar by bar."""

    def __init__(
        self, *, model: PaperModel = MODEL, faults: Faults | None = None, account: str = "A1"
    ) -> None:
        self.market = MemoryMarket([COIN])
        self.book = MemoryBook()
        self.naps: list[float] = []
        self.venue = PaperVenue(
            account_id=account,
            book=self.book,
            market=self.market,
            model=model,
            faults=faults or Faults(),
            sleep=self.naps.append,
        )

    def close(self, new_bar: Bar) -> list[OrderReport]:
        self.market.show("COIN-EUR", new_bar)
        return self.venue.on_bar("COIN-EUR", new_bar)


def order(
    client_order_id: str = "ONE", quantity: str = "1", side: Side = Side.BUY, signal: Bar | None = None
) -> VenueOrder:
    return VenueOrder(
        client_order_id=client_order_id,
        symbol="COIN-EUR",
        side=side,
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.GTC,
        quantity=Decimal(quantity),
        signal_bar_opened_at=signal.opened_at if signal else None,
    )


def found(simulation: Simulation, client_order_id: str) -> OrderReport:
    report = simulation.venue.find(client_order_id)
    assert report is not None
    return report


@pytest.mark.req("F52")
@pytest.mark.parametrize(("side", "price"), [(Side.BUY, "100.01"), (Side.SELL, "99.99")])
def test_an_order_by_hand_fills_at_the_quote_on_its_side_of_the_spread(side: Side, price: str) -> None:
    simulation = Simulation()
    simulation.close(bar(0, 10_000))
    report = simulation.venue.submit(order(side=side))
    assert report.state is VenueOrderState.FILLED
    [execution] = report.executions
    assert execution.price == Decimal(price)
    assert execution.quantity == Decimal("1.0")
    assert execution.fee == Decimal(price) * Decimal("0.001")
    assert execution.fee_currency == "EUR"
    assert execution.executed_at == bar(0).closed_at


@pytest.mark.req("F52")
def test_a_signal_never_fills_on_its_own_bar_but_at_the_next_open() -> None:
    simulation = Simulation()
    signal = bar(5, 10_000)
    simulation.close(signal)
    assert simulation.venue.submit(order(signal=signal)).state is VenueOrderState.ACCEPTED
    assert simulation.close(signal) == []
    [report] = simulation.close(bar(6, 10_300, open=10_200))
    [execution] = report.executions
    assert execution.price == Decimal("102.01")
    assert execution.executed_at == bar(6).opened_at


def test_a_late_signal_does_not_fill_in_the_past() -> None:
    simulation = Simulation()
    for number in range(4):
        simulation.close(bar(number))
    simulation.venue.submit(order(signal=bar(0)))
    for number in range(4):
        assert simulation.venue.on_bar("COIN-EUR", bar(number)) == []
    assert len(simulation.close(bar(4))) == 1


@pytest.mark.req("F52")
def test_an_order_takes_at_most_a_tenth_of_each_bar() -> None:
    simulation = Simulation()
    simulation.close(bar(0))
    simulation.venue.submit(order(quantity="25", signal=bar(0)))  # 250 lots
    states = []
    for number in range(1, 4):
        [report] = simulation.close(bar(number, volume=1_000))
        states.append((report.state, report.executions[-1].quantity))
    assert states == [
        (VenueOrderState.PARTIALLY_FILLED, Decimal("10.0")),
        (VenueOrderState.PARTIALLY_FILLED, Decimal("10.0")),
        (VenueOrderState.FILLED, Decimal("5.0")),
    ]
    assert simulation.close(bar(4)) == []


def test_orders_of_one_account_share_the_tenth_in_order_of_arrival() -> None:
    simulation = Simulation()
    simulation.close(bar(0))
    simulation.venue.submit(order("FIRST", "6", signal=bar(0)))
    simulation.venue.submit(order("SECOND", "6", signal=bar(0)))
    simulation.close(bar(1, volume=1_000))
    assert found(simulation, "FIRST").filled_quantity == Decimal(6)
    assert found(simulation, "SECOND").filled_quantity == Decimal(4)
    hand = simulation.venue.submit(order("HAND", "1"))
    assert hand.state is VenueOrderState.ACCEPTED, "the bar's tenth is used up"


def test_a_bar_without_volume_fills_nothing() -> None:
    simulation = Simulation()
    simulation.close(bar(0))
    simulation.venue.submit(order(signal=bar(0)))
    assert simulation.close(bar(1, volume=0)) == []


def test_matching_a_bar_twice_changes_nothing() -> None:
    simulation = Simulation()
    simulation.close(bar(0))
    simulation.venue.submit(order(quantity="25", signal=bar(0)))
    simulation.close(bar(1))
    before = found(simulation, "ONE")
    assert simulation.venue.on_bar("COIN-EUR", bar(1)) == []
    assert found(simulation, "ONE") == before


def test_slippage_grows_with_the_share_of_the_volume_and_goes_against_the_order() -> None:
    model = replace(MODEL, slippage=Decimal(20))
    small, large = Simulation(model=model), Simulation(model=model)
    prices = {}
    for simulation, quantity in ((small, "0.1"), (large, "10")):
        simulation.close(bar(0))
        simulation.venue.submit(order(quantity=quantity, signal=bar(0)))
        [report] = simulation.close(bar(1))
        prices[quantity] = report.executions[0].price
    assert Decimal("100.01") <= prices["0.1"] < prices["10"]


@pytest.mark.req("F54")
@given(times=st.integers(1, 5), quantity=st.integers(1, 50), by_hand=st.booleans())
def test_submitting_again_is_the_same_order(times: int, quantity: int, by_hand: bool) -> None:
    simulation = Simulation()
    simulation.close(bar(0))
    wanted = order(quantity=str(quantity), signal=None if by_hand else bar(0))
    reports = [simulation.venue.submit(wanted) for _ in range(times)]
    assert all(report == reports[0] for report in reports)
    for number in range(1, 8):
        simulation.close(bar(number))
        simulation.venue.submit(wanted)
    assert found(simulation, "ONE").filled_quantity == quantity


@pytest.mark.req("F54")
def test_another_order_under_the_same_id_is_refused() -> None:
    simulation = Simulation()
    simulation.close(bar(0))
    first = simulation.venue.submit(order(quantity="1"))
    with pytest.raises(VenueRejected) as caught:
        simulation.venue.submit(order(quantity="2"))
    assert caught.value.reason_code == "duplicate_client_order_id"
    assert simulation.venue.find("ONE") == first


def run(seed: str, closes: list[int], wishes: list[tuple[int, int, bool]]) -> list[OrderReport | None]:
    simulation = Simulation(model=PaperModel(seed=seed, slippage=Decimal(5)))
    for number, new_bar in enumerate(bars(closes)):
        simulation.close(new_bar)
        for index, (when, lots, is_buy) in enumerate(wishes):
            if when == number:
                side = Side.BUY if is_buy else Side.SELL
                quantity = str(COIN.quantity(lots))
                simulation.venue.submit(order(f"W{index}", quantity, side, signal=new_bar))
    return [simulation.venue.find(f"W{index}") for index in range(len(wishes))]


@pytest.mark.req("F52")
@settings(max_examples=50)
@given(
    closes=st.lists(st.integers(100, 100_000), min_size=2, max_size=20),
    wishes=st.lists(st.tuples(st.integers(0, 19), st.integers(1, 500), st.booleans()), max_size=8),
)
def test_the_same_seed_replays_exactly_and_fills_stay_within_bounds(
    closes: list[int], wishes: list[tuple[int, int, bool]]
) -> None:
    first = run("seed", closes, wishes)
    assert first == run("seed", closes, wishes)
    for report, (when, lots, _) in zip(first, wishes, strict=True):
        if report is None:
            assert when >= len(closes)
            continue
        assert report.filled_quantity <= COIN.quantity(lots)
        assert all(execution.executed_at > bar(when).opened_at for execution in report.executions)
        ids = [execution.venue_execution_id for execution in report.executions]
        assert len(set(ids)) == len(ids)


def test_two_accounts_never_share_an_execution_id() -> None:
    ids = []
    for account in ("A1", "A2"):
        simulation = Simulation(account=account)
        simulation.close(bar(0))
        ids.append(simulation.venue.submit(order()).executions[0].venue_execution_id)
    assert ids[0] != ids[1]


def test_cancel_ends_a_working_order_and_leaves_a_filled_one() -> None:
    simulation = Simulation()
    simulation.close(bar(0))
    simulation.venue.submit(order("OPEN", "25", signal=bar(0)))
    simulation.close(bar(1))
    canceled = simulation.venue.cancel("OPEN")
    assert (canceled.state, canceled.filled_quantity) == (VenueOrderState.CANCELED, Decimal(10))
    assert simulation.close(bar(2)) == []
    simulation.venue.submit(order("DONE", "1"))
    assert simulation.venue.cancel("DONE").state is VenueOrderState.FILLED
    with pytest.raises(VenueRejected):
        simulation.venue.cancel("NEVER")


def test_a_quantity_off_the_step_or_an_unknown_symbol_is_refused() -> None:
    simulation = Simulation()
    simulation.close(bar(0))
    with pytest.raises(VenueRejected) as off_step:
        simulation.venue.submit(order(quantity="0.05"))
    assert off_step.value.reason_code == "invalid_quantity"
    with pytest.raises(VenueRejected) as no_market:
        simulation.venue.submit(replace(order(), symbol="NO-SUCH"))
    assert no_market.value.reason_code == "no_market"
    assert simulation.venue.find("ONE") is None


@pytest.mark.req("F52")
def test_a_rejected_order_leaves_nothing() -> None:
    simulation = Simulation(faults=Faults(reject=1))
    simulation.close(bar(0))
    with pytest.raises(VenueRejected):
        simulation.venue.submit(order())
    assert simulation.venue.find("ONE") is None


@pytest.mark.req("F52")
def test_a_disconnect_proves_that_nothing_arrived() -> None:
    simulation = Simulation(faults=Faults(disconnect=1))
    simulation.close(bar(0))
    with pytest.raises(VenueUnavailable):
        simulation.venue.connect()
    with pytest.raises(VenueUnavailable):
        simulation.venue.submit(order())
    assert simulation.venue.find("ONE") is None


@pytest.mark.req("F52")
@pytest.mark.parametrize("faults", [Faults(silent_execute=1), Faults(delay_seconds=60)])
def test_a_lost_answer_leaves_an_order_that_can_be_found(faults: Faults) -> None:
    simulation = Simulation(faults=faults)
    simulation.close(bar(0))
    for _ in range(2):
        with pytest.raises(VenueTimeout):
            simulation.venue.submit(order())
    assert found(simulation, "ONE").filled_quantity == Decimal(1)
    assert simulation.naps == []


def test_a_short_delay_is_waited_for() -> None:
    simulation = Simulation(faults=Faults(delay_seconds=0.2))
    simulation.close(bar(0))
    simulation.venue.submit(order())
    assert simulation.naps == [0.2]


def test_a_fault_hits_its_share_of_orders_and_always_the_same_ones() -> None:
    faults = Faults(reject=0.3)
    hit = {number for number in range(1_000) if faults.strikes("reject", f"O{number}")}
    assert 250 < len(hit) < 350
    assert hit == {number for number in range(1_000) if faults.strikes("reject", f"O{number}")}


def test_settings_are_read_strictly() -> None:
    assert PaperModel.from_settings({"spread_ticks": 4, "fee_rate": "0.002"}).fee_rate == Decimal("0.002")
    assert Faults.from_settings({"silent_execute": 1}).silent_execute == 1.0
    with pytest.raises(ValueError, match="sprad"):
        PaperModel.from_settings({"sprad": 1})
    with pytest.raises(ValueError, match="explode"):
        Faults.from_settings({"explode": 1})


def test_the_assumptions_can_be_shown() -> None:
    assert MODEL.assumptions()["participation_percent"] == "10"
    assert START.tzinfo is not None
