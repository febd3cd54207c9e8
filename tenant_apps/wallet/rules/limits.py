"""Limits in one unit for all currencies: what one unit of each counts is an option."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from shared_apps.core.money import MINOR_DIGITS, Money

_ENTRY: Final = re.compile(r"([A-Z]{3,4})\s+([0-9]{1,12}(?:\.[0-9]{1,12})?)")


class WeightsError(ValueError):
    """A table of currencies that cannot be read; the text names what is wrong."""


def read_weights(text: str) -> dict[str, Decimal]:
    """``"EUR 1, BTC 60000"`` as a table: the currencies of wallets, and what one unit of each counts.

    Raises WeightsError.
    """
    weights: dict[str, Decimal] = {}
    for part in text.split(","):
        match = _ENTRY.fullmatch(part.strip())
        if match is None or match[1] not in MINOR_DIGITS or match[1] in weights or not Decimal(match[2]):
            raise WeightsError(part.strip())
        weights[match[1]] = Decimal(match[2])
    return weights


def value_of(money: Money, weights: dict[str, Decimal]) -> Decimal:
    """What an amount counts against limits. Raises KeyError for a currency that wallets do not have."""
    return (money * weights[money.currency]).amount


def exceeds(used: Decimal, value: Decimal, limit: Decimal) -> bool:
    """Whether so much more would go beyond a limit of a period."""
    return used + value > limit
