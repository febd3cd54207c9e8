"""Numbers, money and times on pages."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone, translation

from shared_apps.ui.formatting import format_money, format_number, format_percent, format_time


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (Decimal("1234567.80"), None, "1,234,567.8"),
        (Decimal("0E-10"), None, "0"),
        (Decimal("1E+3"), None, "1,000"),
        (Decimal("0.00000710"), None, "0.0000071"),
        (Decimal("-230.155"), 2, "−230.16"),
        (Decimal("2.5"), 0, "2"),
        (7, 2, "7.00"),
        ("12.345", 2, "12.34"),
    ],
)
def test_numbers_are_grouped_and_exact(value, digits, expected):
    assert format_number(value, digits) == expected


def test_a_negative_that_rounds_to_nothing_has_no_minus():
    assert format_number(Decimal("-0.001"), 2, signed=True) == "0.00"


@pytest.mark.parametrize("value", [1.5, True, None])
def test_a_float_is_refused(value):
    with pytest.raises(TypeError):
        format_number(value)


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_what_is_not_finite_is_refused(value):
    with pytest.raises(ValueError, match="finite"):
        format_number(Decimal(value))


def test_money_has_the_digits_of_its_currency():
    assert format_money(Decimal("1234.5"), "EUR") == "1,234.50\u202fEUR"
    assert format_money(Decimal("1234.5"), "JPY") == "1,234\u202fJPY"
    assert format_money(Decimal("0.1"), "BTC", signed=True) == "+0.10000000\u202fBTC"


def test_numbers_follow_the_language():
    with translation.override("fr"):
        assert format_number(Decimal("1234.5"), 2).replace("\xa0", " ").replace("\u202f", " ") == "1 234,50"
    assert format_percent(Decimal("0.0525")) == "5.25\u202f%"


def test_times_name_their_zone_and_naive_ones_are_refused():
    moment = dt.datetime(2025, 3, 4, 9, 5, 6, tzinfo=dt.UTC)
    with timezone.override("Europe/Paris"):
        assert format_time(moment, seconds=True) == "4 Mar 2025, 10:05:06 CET"
    with pytest.raises(ValueError, match="naive"):
        format_time(dt.datetime(2025, 3, 4))  # noqa: DTZ001
