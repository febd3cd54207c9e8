"""What a period costs: whole smallest units, each rounding once and half up, in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from .clock import Period

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """A coupon's effect on one period: a share of the price, or an amount in its smallest units."""

    percent: Decimal | None = None
    minor_units: int | None = None

    def of(self, price: int) -> int:
        """How much of a price it takes away: never more than all of it."""
        if self.percent is not None:
            return min(price, _half_up(Decimal(price) * self.percent / 100))
        return min(price, self.minor_units or 0)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a quote. ``kind``: plan, discount, unused or credit; what lowers the sum is negative."""

    kind: str
    minor_units: int


@dataclass(frozen=True, slots=True)
class Quote:
    """What is to be paid now, and how much credit is left over for later periods."""

    lines: tuple[Line, ...]
    total: int
    credit_left: int


def quote(
    *, price: int, seats: int = 1, discount: Discount | None = None, unused: int = 0, credit: int = 0
) -> Quote:
    """The price of a period for so many seats, less discount, the unused part of another, and credit."""
    full = price * seats
    lines = [Line("plan", full)]
    off = 0 if discount is None else discount.of(full)
    if off:
        lines.append(Line("discount", -off))
    owed, available = full - off, unused + credit
    from_unused = min(owed, unused)
    from_credit = min(owed - from_unused, credit)
    if from_unused:
        lines.append(Line("unused", -from_unused))
    if from_credit:
        lines.append(Line("credit", -from_credit))
    used = from_unused + from_credit
    return Quote(tuple(lines), owed - used, available - used)


def unused_part(paid: int, *, start: datetime, end: datetime, at: datetime) -> int:
    """How much of what was paid for a period is for the time after ``at``."""
    if not start < end or at >= end:
        return 0
    left, whole = (end - max(at, start)) // _TICK, (end - start) // _TICK
    return (2 * paid * left + whole) // (2 * whole)


def is_upgrade(*, old: int, old_period: Period, new: int, new_period: Period, at: datetime) -> bool:
    """Whether a price is at least as high as another per unit of time; equal ones change at once too."""
    return new * ((old_period.after(at) - at) // _TICK) >= old * ((new_period.after(at) - at) // _TICK)


def _half_up(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
