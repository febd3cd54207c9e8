"""What an invoice adds up to, and how a credit is spread over it. Whole minor units, exact.

Tax is rounded once for each rate, on the sum of that rate's lines, halves away from zero. A line's share is
the growth of the rounded running sum, so lines add up to their rate and rates to the invoice, to the cent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

#: Digits after the point that a quantity and a rate may have.
QUANTITY_DIGITS = 6
RATE_DIGITS = 4
_QUANTITY_SCALE = 10**QUANTITY_DIGITS
_RATE_SCALE = 10**RATE_DIGITS
_WHOLE = 100 * _RATE_SCALE


class Unusable(ValueError):
    """The lines make no invoice; ``field`` names the part, the text says why."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line as it is charged: ``unit_minor`` is negative for a discount, ``rate`` is in percent."""

    quantity: Decimal
    unit_minor: int
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Amounts:
    """Net and tax in minor units; gross is their sum, always."""

    net: int
    tax: int

    @property
    def gross(self) -> int:
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class RateAmounts(Amounts):
    """What one rate comes to."""

    rate: Decimal


@dataclass(frozen=True, slots=True)
class Totals(Amounts):
    """An invoice's sums, its lines in their order, its rates from the highest."""

    lines: tuple[Amounts, ...]
    rates: tuple[RateAmounts, ...]


def divided(numerator: int, denominator: int) -> int:
    """A quotient as a whole number, halves away from zero; ``denominator`` is positive."""
    whole = (2 * abs(numerator) + denominator) // (2 * denominator)
    return whole if numerator >= 0 else -whole


def scaled(value: Decimal, digits: int, field: str) -> int:
    """A decimal as a whole number of its ``digits``-th decimal place. Raises Unusable for a finer one."""
    if not value.is_finite() or abs(value) >= 10**12:
        raise Unusable(field, f"{value} is out of bounds")
    shifted = value.scaleb(digits)
    if shifted != shifted.to_integral_value():
        raise Unusable(field, f"{value} has more than {digits} digits after the point")
    return int(shifted)


def line_amount(quantity: Decimal, unit_minor: int) -> int:
    """What a line comes to, rounded to the minor unit."""
    return divided(scaled(quantity, QUANTITY_DIGITS, "quantity") * unit_minor, _QUANTITY_SCALE)


def tax_within(amount: int, rate: Decimal, *, includes_tax: bool) -> int:
    """The tax in an amount that includes it, or on one that does not."""
    percent = scaled(rate, RATE_DIGITS, "rate")
    if not 0 <= percent <= _WHOLE:
        raise Unusable("rate", f"a rate of {rate} % is not between 0 and 100")
    return divided(amount * percent, _WHOLE + percent if includes_tax else _WHOLE)


def total(lines: Sequence[PricedLine], *, includes_tax: bool) -> Totals:
    """Add up. ``includes_tax``: the lines' prices are gross, and gross is exactly what they come to.

    Raises Unusable for no lines, for a rate whose lines come to less than nothing, and for numbers that are
    too fine.
    """
    if not lines:
        raise Unusable("lines", "an invoice has at least one line")
    sums: dict[Decimal, tuple[int, int]] = {}
    parts: list[Amounts] = []
    for line in lines:
        amount = line_amount(line.quantity, line.unit_minor)
        before, taxed = sums.get(line.rate, (0, 0))
        running = before + amount
        tax_so_far = tax_within(running, line.rate, includes_tax=includes_tax)
        tax = tax_so_far - taxed
        parts.append(Amounts(amount - tax if includes_tax else amount, tax))
        sums[line.rate] = running, tax_so_far
    rates = []
    for rate, (amount, tax) in sorted(sums.items(), reverse=True):
        if amount < 0:
            raise Unusable("lines", f"the lines taxed at {rate} % come to less than nothing")
        rates.append(RateAmounts(amount - tax if includes_tax else amount, tax, rate))
    return Totals(
        sum(each.net for each in rates), sum(each.tax for each in rates), tuple(parts), tuple(rates)
    )


def share(gross: int, still_open: Sequence[RateAmounts]) -> tuple[RateAmounts, ...]:
    """Spread a credit of ``gross`` over what is still open of each rate, in proportion.

    No rate gets more than is open of it, in net as in tax, and crediting all of it leaves nothing behind.
    Raises Unusable for more than is open, or nothing.
    """
    whole = sum(each.gross for each in still_open)
    if not 0 < gross <= whole:
        raise Unusable("minor_units", f"between 1 and {whole} can be credited")
    parts, running, given = [], 0, 0
    for each in still_open:
        running += each.gross
        part = divided(gross * running, whole) - given
        given += part
        if part:
            tax = divided(part * each.tax, each.gross)
            parts.append(RateAmounts(part - tax, tax, each.rate))
    return tuple(parts)


def remaining(of: Sequence[RateAmounts], taken: Sequence[RateAmounts]) -> tuple[RateAmounts, ...]:
    """What earlier credits have left of each rate."""
    left = []
    for each in of:
        gone = [part for part in taken if part.rate == each.rate]
        left.append(
            RateAmounts(
                each.net - sum(part.net for part in gone),
                each.tax - sum(part.tax for part in gone),
                each.rate,
            )
        )
    return tuple(left)
