"""Periods of a report, and what follows from its sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

#: A table of more rows is no report.
MOST_BUCKETS = 400


class Unit(StrEnum):
    """How long one row of the report is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class BadPeriod(ValueError):
    """The end lies before the beginning, or there are too many rows."""


def begin_of(day: date, unit: Unit) -> date:
    """The first day of the day, week (from Monday) or month that a day is in."""
    if unit is Unit.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if unit is Unit.MONTH else day


def following(day: date, unit: Unit) -> date:
    """The first day of the next one; ``day`` is a first day."""
    if unit is Unit.MONTH:
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=7 if unit is Unit.WEEK else 1)


def borders(first: date, last: date, unit: Unit) -> list[date]:
    """Where the rows of a report from ``first`` to ``last`` (both included) begin, and its end.

    The first and the last row may be shorter than the others. Raises BadPeriod.
    """
    if last < first:
        raise BadPeriod("order")
    found, end = [first], last + timedelta(days=1)
    while (after := following(begin_of(found[-1], unit), unit)) < end:
        found.append(after)
        if len(found) > MOST_BUCKETS:
            raise BadPeriod("many")
    return [*found, end]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: sums in minor units, and the subscribers at its end. ``before`` are those at its beginning."""

    first: date
    last: date
    gross: int = 0
    refunds: int = 0
    fees: int = 0
    mrr: int = 0
    subscribers: int = 0
    new: int = 0
    lost: int = 0
    before: int = 0

    @property
    def net(self) -> int:
        """What is left of what came in."""
        return self.gross - self.refunds - self.fees

    @property
    def arr(self) -> int:
        """A year of it, as things stand at the end."""
        return 12 * self.mrr

    @property
    def churn(self) -> Decimal | None:
        """Who was lost of those that there were, as a fraction; None where there was nobody."""
        return churn(self.lost, self.before)


def churn(lost: int, before: int) -> Decimal | None:
    """The share of those at the beginning who were gone at the end; None where there was nobody."""
    if not before:
        return None
    return (Decimal(lost) / Decimal(before)).quantize(Decimal("0.0001"), ROUND_HALF_UP)
