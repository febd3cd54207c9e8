from __future__ import annotations

from decimal import Decimal, Inexact

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from shared_apps.core.api.fields import MoneyField
from shared_apps.core.money import CurrencyMismatch, Money

amounts = st.decimals(min_value=-(10**20), max_value=10**20, places=18, allow_nan=False)


@given(amounts, amounts)
def test_sums_are_exact_where_the_default_context_would_round(a, b):
    left, right = Money(a, "ETH"), Money(b, "ETH")
    assert (left + right) - right == left
    assert left - left == Money.zero("ETH")
    negative = -left
    assert -negative == left
    assert (left < right) == (a < b)
    assert "E" not in left.as_json()["amount"]


def test_two_currencies_never_meet():
    euro, dollar = Money(Decimal(1), "EUR"), Money(Decimal(1), "USD")
    for operation in (
        lambda: euro + dollar,
        lambda: euro - dollar,
        lambda: euro < dollar,
        lambda: euro >= dollar,
    ):
        with pytest.raises(CurrencyMismatch):
            operation()
    assert euro != dollar


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), 1.5, 1, "1"])
def test_only_finite_decimals_are_money(amount):
    with pytest.raises(ValueError, match="finite Decimal"):
        Money(amount, "EUR")


def test_unknown_currencies_and_texts_are_refused():
    with pytest.raises(ValueError, match="unknown currency"):
        Money(Decimal(1), "XXX")
    with pytest.raises(ValueError, match="not a decimal"):
        Money.parse("1,5", "EUR")


@pytest.mark.req("C20")
@pytest.mark.parametrize(("amount", "rounded"), [("79.165", "79.17"), ("-0.005", "-0.01"), ("1", "1.00")])
def test_halves_are_rounded_away_from_zero(amount, rounded):
    assert Money.parse(amount, "EUR").rounded().as_json()["amount"] == rounded


def test_minor_units_are_whole_or_refused():
    assert Money.parse("12.34", "EUR").minor_units() == 1234
    assert Money.parse("12", "JPY").minor_units() == 12
    with pytest.raises(ValueError, match="whole number"):
        Money.parse("12.345", "EUR").minor_units()


def test_a_sum_that_cannot_be_exact_raises():
    with pytest.raises(Inexact):
        Money(Decimal(10) ** 70, "EUR") + Money(Decimal(10) ** -30, "EUR")


class Price(serializers.Serializer):
    price = MoneyField(allow_zero=False)


@pytest.mark.parametrize(
    "value",
    [
        "12.34", 12.34, None, [], {}, {"amount": "1"}, {"amount": 1, "currency": "EUR"},
        {"amount": 1.5, "currency": "EUR"}, {"amount": "NaN", "currency": "EUR"},
        {"amount": "1e5", "currency": "EUR"}, {"amount": "Infinity", "currency": "EUR"},
        {"amount": "1" * 21, "currency": "EUR"}, {"amount": "12.345", "currency": "EUR"},
        {"amount": "1.5", "currency": "JPY"}, {"amount": "1", "currency": "eur"},
        {"amount": "1", "currency": ["EUR"]}, {"amount": "-1", "currency": "EUR"},
        {"amount": "0", "currency": "EUR"}, {"amount": "0.00", "currency": "EUR"},
        {"amount": "1", "currency": "EUR", "more": 1}, {"amount": "\u0661", "currency": "EUR"},
        {"amount": " 1", "currency": "EUR"}, {"amount": "1\n", "currency": "EUR"},
    ],
)  # fmt: skip
def test_a_price_that_is_no_price_is_refused_by_name(value):
    form = Price(data={"price": value})
    assert not form.is_valid()
    assert list(form.errors) == ["price"]


def test_money_goes_in_and_out_unchanged():
    form = Price(data={"price": {"amount": "12.30", "currency": "EUR"}})
    assert form.is_valid(), form.errors
    assert form.validated_data["price"] == Money(Decimal("12.30"), "EUR")
    assert Price(form.validated_data).data == {"price": {"amount": "12.30", "currency": "EUR"}}
