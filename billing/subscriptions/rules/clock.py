"""Periods, and when the next payment is due (S0-23, S0-25, C8)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Interval(StrEnum):
    """S4-52."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


class Basis(StrEnum):
    """What the next period is counted from (C8)."""

    PAYMENT = "payment"
    DUE_DATE = "due_date"


@dataclass(frozen=True, slots=True)
class Period:
    """So many days, weeks, months or years."""

    interval: Interval
    count: int

    def after(self, start: datetime, anchor_day: int | None = None) -> datetime:
        """The end of the period that begins at ``start``.

        Months and years end on ``anchor_day`` (default: the start's day) or the last day of a shorter month.
        """
        if self.interval is Interval.DAY:
            return start + timedelta(days=self.count)
        if self.interval is Interval.WEEK:
            return start + timedelta(weeks=self.count)
        months = self.count * (12 if self.interval is Interval.YEAR else 1)
        year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
        day = min(anchor_day or start.day, monthrange(year, month + 1)[1])
        return start.replace(year=year, month=month + 1, day=day)


#: The period of the source document: no month has 35 days (S0-24).
DAYS_35 = Period(Interval.DAY, 35)
_LONGEST_DAYS = {Interval.DAY: 1, Interval.WEEK: 7, Interval.MONTH: 30, Interval.YEAR: 365}


def is_too_long(period: Period) -> bool:
    """Whether a period exceeds the three years that providers take."""
    return _LONGEST_DAYS[period.interval] * period.count > 3 * 365


def due_after_payment(
    *, paid_at: datetime, due: datetime | None, period: Period, basis: Basis, anchor_day: int | None = None
) -> datetime:
    """When the next payment is due after one at ``paid_at``, the last having been due at ``due``.

    Counted from the payment, or from the due date; a period counted from a due date so long past that it
    would be over already is counted from the payment: nobody pays for nothing.
    """
    if basis is Basis.DUE_DATE and due is not None:
        end = period.after(due, anchor_day)
        if end > paid_at:
            return end
    return period.after(paid_at, anchor_day if basis is Basis.DUE_DATE else None)
