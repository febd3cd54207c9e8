"""Money: a decimal amount with its currency. Never a float, never two currencies in one sum."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from typing import Self

#: Digits after the point of the smallest unit (ISO 4217; crypto currencies by their ledgers).
MINOR_DIGITS: dict[str, int] = {
    "EUR": 2, "USD": 2, "GBP": 2, "CHF": 2, "RUB": 2, "PLN": 2, "CZK": 2, "SEK": 2, "NOK": 2, "DKK": 2,
    "CAD": 2, "AUD": 2, "NZD": 2, "SGD": 2, "HKD": 2, "CNY": 2, "INR": 2, "BRL": 2, "ZAR": 2, "TRY": 2,
    "JPY": 0, "KRW": 0, "BTC": 8, "ETH": 18, "USDT": 6, "USDC": 6, "SOL": 9, "XRP": 6, "LTC": 8,
    "XAU": 6, "XAG": 6,  # micrograms: the units of loyalty (C35)
}  # fmt: skip


#: Wide enough for 20 digits before and 18 after the point, twice; the default of 28 would round silently.
_WIDE = Context(prec=80, rounding=ROUND_HALF_UP)
_EXACT = Context(prec=80, traps=[Inexact, InvalidOperation])


class CurrencyMismatch(ValueError):
    """Two currencies met in one sum or comparison."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount. ``Money(Decimal("12.34"), "EUR")``."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise ValueError(f"money needs a finite Decimal, not {self.amount!r}")
        if self.currency not in MINOR_DIGITS:
            raise ValueError(f"unknown currency {self.currency!r}")

    @classmethod
    def parse(cls, amount: str, currency: str) -> Self:
        """From text. Raises ValueError for what is no finite decimal or no known currency."""
        try:
            return cls(Decimal(amount), currency)
        except InvalidOperation:
            raise ValueError(f"not a decimal: {amount!r}") from None

    @classmethod
    def of_minor(cls, minor_units: int, currency: str) -> Self:
        """From smallest units, exactly: ``Money.of_minor(1234, "EUR")`` is 12.34 EUR."""
        digits = MINOR_DIGITS.get(currency, 0)
        return cls(_EXACT.scaleb(Decimal(minor_units), -digits), currency)

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, of a currency."""
        return cls(Decimal(0), currency)

    def _same(self, other: Money) -> Decimal:
        if self.currency != other.currency:
            raise CurrencyMismatch(f"{self.currency} and {other.currency}")
        return other.amount

    def __add__(self, other: Money) -> Money:
        return Money(_EXACT.add(self.amount, self._same(other)), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(_EXACT.subtract(self.amount, self._same(other)), self.currency)

    def __neg__(self) -> Money:
        return Money(_EXACT.minus(self.amount), self.currency)

    def __mul__(self, factor: Decimal | int) -> Money:
        return Money(_WIDE.multiply(self.amount, Decimal(factor)), self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other)

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other)

    def __gt__(self, other: Money) -> bool:
        return self.amount > self._same(other)

    def __ge__(self, other: Money) -> bool:
        return self.amount >= self._same(other)

    def __bool__(self) -> bool:
        return bool(self.amount)

    def __str__(self) -> str:
        return f"{self.amount:f} {self.currency}"

    @property
    def digits(self) -> int:
        """Digits after the point of the currency's smallest unit."""
        return MINOR_DIGITS[self.currency]

    def rounded(self) -> Money:
        """To the smallest unit, halves away from zero (the rounding of every fee, decision C20)."""
        return Money(_WIDE.quantize(self.amount, Decimal(1).scaleb(-self.digits)), self.currency)

    def minor_units(self) -> int:
        """The amount in smallest units. Raises ValueError when it is not a whole number of them."""
        scaled = _EXACT.scaleb(self.amount, self.digits)
        if scaled != _WIDE.to_integral_value(scaled):
            raise ValueError(f"{self} is no whole number of the smallest unit")
        return int(scaled)

    def as_json(self) -> dict[str, str]:
        """``{"amount": "12.34", "currency": "EUR"}``, never with an exponent."""
        return {"amount": f"{self.amount:f}", "currency": self.currency}
