"""Amounts as the services write them: decimal texts with exactly the currency's digits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from shared_apps.core.money import Money

from .state import now

_DECIMAL = re.compile(r"(0|[1-9]\d{0,17})(\.\d+)?", re.ASCII)


def read_amount(value: Any, currency: Any, currencies: frozenset[str]) -> Money | None:
    """The money, or None unless ``value`` is a text with the currency's digits and above zero."""
    if not isinstance(value, str) or not isinstance(currency, str) or currency not in currencies:
        return None
    if not (found := _DECIMAL.fullmatch(value)):
        return None
    money = Money.parse(value, currency)
    digits = len(found[2] or ".") - 1
    return money if digits == money.digits and money.amount > 0 else None


def written(money: Money) -> str:
    """With all digits of the currency: ``10.00``."""
    return f"{money.amount:.{money.digits}f}"


def total(parts: list[Money], currency: str) -> Money:
    """The sum."""
    result = Money.zero(currency)
    for part in parts:
        result = result + part
    return result


def timestamp(seconds: float | None = None) -> str:
    """ISO 8601 in UTC, to the second; now without an argument."""
    moment = datetime.fromtimestamp(now() if seconds is None else seconds, UTC)
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def part(value: Any, name: str) -> Mapping[str, Any]:
    """A member of a JSON object that is itself an object; an empty one when it is not there."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}
