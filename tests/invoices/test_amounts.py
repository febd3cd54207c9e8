"""What invoices add up to: examples by hand, and what must hold for all of them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from billing.invoices.rules.amounts import (
    Amounts,
    PricedLine,
    RateAmounts,
    Totals,
    Unusable,
    divided,
    remaining,
    share,
    total,
)

pytestmark = pytest.mark.req("F42")

RATES = [Decimal(text) for text in ("0", "5.5", "7", "20", "25.5")]
lines = st.lists(
    st.builds(
        PricedLine,
        quantity=st.decimals(0, 1000, places=3),
        unit_minor=st.integers(-50_000, 10_000_000),
        rate=st.sampled_from(RATES),
    ),
    min_size=1,
    max_size=8,
)


def totals_of(some: list[PricedLine], includes_tax: bool) -> Totals:
    try:
        return total(some, includes_tax=includes_tax)
    except Unusable:
        assume(False)
        raise


def one(unit: int, rate: str, quantity: str = "1") -> PricedLine:
    return PricedLine(Decimal(quantity), unit, Decimal(rate))


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [(5, 10, 1), (-5, 10, -1), (4, 10, 0), (-4, 10, 0), (15, 10, 2), (25, 10, 3), (-15, 10, -2), (0, 3, 0)],
)
def test_halves_go_away_from_zero(numerator: int, denominator: int, expected: int) -> None:
    assert divided(numerator, denominator) == expected


def test_an_example_without_tax_in_the_prices() -> None:
    # 3 × 9.99 = 29.97 and 1.5 × 10.01 = 15.015 → 15.02 at 20 %: 44.99 net, 8.998 → 9.00 tax.
    found = total([one(999, "20", "3"), one(1001, "20", "1.5")], includes_tax=False)
    assert (found.net, found.tax, found.gross) == (4499, 900, 5399)
    assert found.lines == (Amounts(2997, 599), Amounts(1502, 301))


def test_an_example_with_tax_in_the_prices() -> None:
    # 49.00 gross at 20 %: 8.1666… tax; a discount of 4.90 leaves 44.10: 7.35 tax.
    found = total([one(4900, "20"), one(-490, "20")], includes_tax=True)
    assert (found.net, found.tax, found.gross) == (3675, 735, 4410)
    assert found.lines == (Amounts(4083, 817), Amounts(-408, -82))


def test_rates_are_taxed_apart_and_shown_from_the_highest() -> None:
    found = total([one(1000, "5.5"), one(1000, "20")], includes_tax=False)
    assert found.rates == (
        RateAmounts(1000, 200, Decimal(20)),
        RateAmounts(1000, 55, Decimal("5.5")),
    )


@given(lines, st.booleans())
def test_everything_adds_up(some: list[PricedLine], includes_tax: bool) -> None:
    found = totals_of(some, includes_tax)
    assert found.net + found.tax == found.gross
    assert found.net == sum(each.net for each in found.lines) == sum(each.net for each in found.rates)
    assert found.tax == sum(each.tax for each in found.lines) == sum(each.tax for each in found.rates)
    assert all(each.net >= 0 and each.tax >= 0 for each in found.rates)


@given(lines, st.booleans())
def test_tax_is_rounded_once_for_each_rate(some: list[PricedLine], includes_tax: bool) -> None:
    """Against Decimal's own rounding of the sum of a rate's lines."""
    for each in totals_of(some, includes_tax).rates:
        base = each.gross if includes_tax else each.net
        divisor = 100 + each.rate if includes_tax else Decimal(100)
        assert each.tax == (base * each.rate / divisor).quantize(Decimal(1), ROUND_HALF_UP)


@given(lines)
def test_prices_with_tax_come_to_exactly_what_was_charged(some: list[PricedLine]) -> None:
    charged = sum(int((line.quantity * line.unit_minor).quantize(Decimal(1), ROUND_HALF_UP)) for line in some)
    assert totals_of(some, True).gross == charged


@given(lines, st.booleans(), st.lists(st.integers(1, 10**12), max_size=6))
def test_credits_never_exceed_the_invoice_and_the_last_takes_the_rest(
    some: list[PricedLine], includes_tax: bool, wanted: list[int]
) -> None:
    invoice = totals_of(some, includes_tax)
    taken: list[RateAmounts] = []
    for minor_units in [*wanted, None]:
        left = remaining(invoice.rates, taken)
        whole = sum(each.gross for each in left)
        gross = whole if minor_units is None else min(minor_units, whole)
        if not gross:
            continue
        parts = share(gross, left)
        assert sum(each.gross for each in parts) == gross
        assert all(each.net >= 0 and each.tax >= 0 for each in parts)
        taken += parts
        assert all(each.net >= 0 and each.tax >= 0 for each in remaining(invoice.rates, taken))
    assert (sum(each.net for each in taken), sum(each.tax for each in taken)) == (invoice.net, invoice.tax)


def test_half_of_an_invoice_takes_back_half_of_its_tax() -> None:
    invoice = total([one(10_000, "20")], includes_tax=False)
    assert share(6000, invoice.rates) == (RateAmounts(5000, 1000, Decimal(20)),)


@pytest.mark.parametrize("gross", [0, -1, 12_001])
def test_nothing_and_too_much_cannot_be_credited(gross: int) -> None:
    with pytest.raises(Unusable):
        share(gross, total([one(10_000, "20")], includes_tax=False).rates)


@pytest.mark.parametrize(
    ("some", "field"),
    [
        ([], "lines"),
        ([one(-100, "20")], "lines"),
        ([one(1000, "20"), one(-100, "7")], "lines"),
        ([one(1000, "101")], "rate"),
        ([one(1000, "20.00001")], "rate"),
        ([one(1000, "20", "0.0000001")], "quantity"),
        ([PricedLine(Decimal("NaN"), 1, Decimal(20))], "quantity"),
    ],
    ids=["none", "negative", "negative rate", "percent", "fine rate", "fine quantity", "nan"],
)
def test_lines_that_make_no_invoice(some: list[PricedLine], field: str) -> None:
    with pytest.raises(Unusable) as caught:
        total(some, includes_tax=False)
    assert caught.value.field == field
