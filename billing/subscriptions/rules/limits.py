"""Meters, and what a plan's terms say of them (F15, C34)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class Meter(StrEnum):
    """What is counted. The first two begin anew each day (UTC), the others say how many there are."""

    BOT_MINUTES = "bot_minutes"
    API_BYTES = "api_bytes"
    MEMBERS = "members"
    LISTINGS = "listings"


DAILY: Final = frozenset({Meter.BOT_MINUTES, Meter.API_BYTES})
#: Columns of a plan that are hard limits, and how many of the meter's units one of theirs is (S4-46, S4-47).
COLUMNS: Final = {
    "daily_time_minutes": (Meter.BOT_MINUTES, 1),
    "daily_data_mb": (Meter.API_BYTES, 1_000_000),
    "seats": (Meter.MEMBERS, 1),
}
#: Shares of a limit, in per cent, at which people are told.
ALERTS: Final = (80, 100)


@dataclass(frozen=True, slots=True)
class Limit:
    """``hard`` refuses what goes beyond it; ``soft`` only has people told. None: there is none."""

    soft: int | None = None
    hard: int | None = None

    @property
    def told_of(self) -> int | None:
        """What the alerts are shares of: the hard limit, else the soft one."""
        return self.soft if self.hard is None else self.hard


def limits_of(terms: Mapping[str, Any]) -> dict[Meter, Limit]:
    """The limits in a plan's terms, by meter; a meter without one is missing."""
    found: dict[Meter, Limit] = {}
    for name, given in dict(terms.get("limits") or {}).items():
        found[Meter(name)] = Limit(given.get("soft"), given.get("hard"))
    for column, (meter, size) in COLUMNS.items():
        if (value := terms.get(column)) is not None:
            found[meter] = Limit(found.get(meter, Limit()).soft, int(value) * size)
    return found


def limits_fault(limits: object) -> str:
    """Why a plan's ``limits`` cannot be: form, meter, number, column or order; "" if they can."""
    if not isinstance(limits, Mapping):
        return "form"
    in_columns = {meter for meter, _size in COLUMNS.values()}
    for name, given in limits.items():
        if name not in set(Meter):
            return "meter"
        if not isinstance(given, Mapping) or set(given) - {"soft", "hard"}:
            return "form"
        numbers = [number for number in given.values() if number is not None]
        if any(isinstance(each, bool) or not isinstance(each, int) or each < 0 for each in numbers):
            return "number"
        if given.get("hard") is not None and name in in_columns:
            return "column"
        if len(numbers) == 2 and given["soft"] > given["hard"]:
            return "order"
    return ""


def remaining(used: int, limit: Limit | None) -> int | None:
    """What is left below the hard limit; None: there is none."""
    return None if limit is None or limit.hard is None else max(limit.hard - used, 0)


def alert_level(used: int, limit: Limit | None) -> int:
    """The highest share of :data:`ALERTS` that was reached, 0 for none."""
    if limit is None or limit.told_of is None:
        return 0
    return max((share for share in ALERTS if used * 100 >= limit.told_of * share and used), default=0)
