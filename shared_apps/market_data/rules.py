"""What a price, a quantity and a bar are, for every app that trades on them.

Prices and quantities are `Decimal` where people and the database see them. Where they are compared,
summed or matched they are integers: a price counts ticks of its instrument, a quantity counts lots.
Integers make matching exact, and an average over them equal in every mode (backtest, paper, live),
because sums of integers below 2**53 are exact in float64.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from enum import StrEnum

EXACT = Context(prec=80, traps=[InvalidOperation, DivisionByZero, Overflow])
"""Arithmetic on prices and amounts: wide enough that products of two database numbers are exact."""

SYMBOL_PATTERN = r"^[A-Z0-9]{2,12}-[A-Z0-9]{2,12}(\.[A-Z0-9]{1,6})?$"
"""BASE-QUOTE, with an optional suffix for a market of its own. It is also a part of stream names and
addresses."""

PACE = timedelta(seconds=2)
"""How often a demo market closes a bar."""
MIN_PACE = timedelta(seconds=1.5)
"""Ticks of a scheduler that was late come in a bunch; the market does not."""


class Interval(StrEnum):
    """The length of a candle, written as exchanges write it."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def duration(self) -> timedelta:
        """Return the time from one candle's opening to the next one's."""
        return _DURATIONS[self]

    def is_aligned(self, moment: datetime) -> bool:
        """Tell whether a candle of this interval may open at `moment` (UTC)."""
        return (moment - _EPOCH) % self.duration == timedelta(0)


#: What its fields in the API offer.
INTERVALS = tuple((interval.value, interval.value) for interval in Interval)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DURATIONS = {
    Interval.M1: timedelta(minutes=1),
    Interval.M5: timedelta(minutes=5),
    Interval.M15: timedelta(minutes=15),
    Interval.M30: timedelta(minutes=30),
    Interval.H1: timedelta(hours=1),
    Interval.H4: timedelta(hours=4),
    Interval.D1: timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class InstrumentSpec:
    """The steps of one instrument: its smallest price change and its smallest quantity change."""

    symbol: str
    base: str
    quote: str
    price_tick: Decimal
    lot_step: Decimal

    def ticks(self, price: Decimal) -> int:
        """Return `price` in ticks. Raises ValueError when it is not a whole number of them."""
        return _whole(price, self.price_tick, "price")

    def price(self, ticks: int) -> Decimal:
        """Return the price of a whole number of ticks."""
        return EXACT.multiply(self.price_tick, Decimal(ticks))

    def average_price(self, ticks: float) -> Decimal:
        """Return a mean of tick counts (an indicator's value) as a price with six digits below the tick."""
        exact = EXACT.multiply(self.price_tick, Decimal(ticks))
        return exact.quantize(self.price_tick.scaleb(-6), rounding=ROUND_HALF_EVEN, context=EXACT)

    def lots(self, quantity: Decimal) -> int:
        """Return `quantity` in lots. Raises ValueError when it is not a whole number of them."""
        return _whole(quantity, self.lot_step, "quantity")

    def whole_lots(self, quantity: Decimal) -> int:
        """Return how many whole lots fit in `quantity` (a candle's volume need not be a multiple of our
        lot)."""
        return int(EXACT.divide_int(quantity, self.lot_step))

    def quantity(self, lots: int) -> Decimal:
        """Return the quantity of a whole number of lots."""
        return EXACT.multiply(self.lot_step, Decimal(lots))

    def nearest_price(self, value: Decimal) -> Decimal:
        """Return the price on the tick grid nearest to `value`, ties to the even tick.

        Sources that passed through binary floats write 0.09946999000000001 for 0.09946999; the artefact
        is far below half a tick, so the nearest tick is what the exchange printed.
        """
        ticks = EXACT.divide(value, self.price_tick).to_integral_value(
            rounding=ROUND_HALF_EVEN, context=EXACT
        )
        return EXACT.multiply(ticks, self.price_tick)


def _whole(value: Decimal, step: Decimal, what: str) -> int:
    quotient, remainder = EXACT.divmod(value, step)
    if remainder:
        raise ValueError(f"{what} {value} is not a multiple of {step}")
    return int(quotient)


@dataclass(frozen=True, slots=True)
class Bar:
    """One closed candle in ticks and whole lots. `opened_at` is UTC; it covers [opened_at, closed_at)."""

    opened_at: datetime
    interval: Interval
    open: int
    high: int
    low: int
    close: int
    volume: int

    @property
    def closed_at(self) -> datetime:
        """Return the moment from which the candle is known in full."""
        return self.opened_at + self.interval.duration


@dataclass(frozen=True, slots=True)
class CandleValues:
    """One candle in exact decimals, as it is stored and shown."""

    opened_at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    def to_bar(self, spec: InstrumentSpec, interval: Interval) -> Bar:
        """Return the same candle in ticks and lots of `spec`."""
        return Bar(
            opened_at=self.opened_at,
            interval=interval,
            open=spec.ticks(self.open),
            high=spec.ticks(self.high),
            low=spec.ticks(self.low),
            close=spec.ticks(self.close),
            volume=spec.whole_lots(self.volume),
        )

    def problems(self) -> Iterator[str]:
        """Yield every reason why these values cannot be one candle."""
        if self.low <= 0:
            yield "a price is zero or negative"
        if self.high < max(self.open, self.close, self.low):
            yield "high is below another price of the candle"
        if self.low > min(self.open, self.close, self.high):
            yield "low is above another price of the candle"
        if self.volume < 0:
            yield "volume is negative"
