"""When a subscription is billed, and what a part of a period costs. Pure arithmetic."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

DAY = 86_400


def next_boundary(anchor: int, after: int, interval: str, count: int) -> int:
    """The first moment after ``after`` at which a cycle that began at ``anchor`` begins anew.

    Months are counted from the anchor, so the 31st comes back after a February.
    """
    if interval in ("day", "week"):
        length = DAY * count * (7 if interval == "week" else 1)
        return anchor + ((after - anchor) // length + 1) * length
    months = count * (12 if interval == "year" else 1)
    step = 0
    while True:
        step += 1
        moment = _months_later(anchor, months * step)
        if moment > after:
            return moment


def _months_later(moment: int, months: int) -> int:
    begin = datetime.fromtimestamp(moment, UTC)
    index = begin.month - 1 + months
    year, month = begin.year + index // 12, index % 12 + 1
    day = min(begin.day, calendar.monthrange(year, month)[1])
    return int(begin.replace(year=year, month=month, day=day).timestamp())


def part(amount: int, *, start: int, end: int, moment: int) -> int:
    """What the rest of a period from ``moment`` on costs, to the nearest minor unit, by the second."""
    length, rest = end - start, max(0, min(end - moment, end - start))
    return (2 * amount * rest + length) // (2 * length)
