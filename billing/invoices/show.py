"""Amounts of invoices as people read them, in the language that is active."""

from __future__ import annotations

from decimal import Decimal

from shared_apps.core.money import MINOR_DIGITS, Money
from shared_apps.ui.formatting import NARROW_SPACE, format_number


def money_of(minor_units: int | Decimal, currency: str) -> Money:
    """Minor units as money."""
    return Money(Decimal(int(minor_units)).scaleb(-MINOR_DIGITS[currency]), currency)


def as_money(minor_units: int | Decimal, currency: str) -> str:
    """``49.00 EUR``, with all of the currency's digits."""
    digits = MINOR_DIGITS[currency]
    return f"{format_number(money_of(minor_units, currency).amount, digits)}{NARROW_SPACE}{currency}"


def as_number(text: str) -> str:
    """A quantity or a rate."""
    return format_number(Decimal(text))
