"""Periods, prices and limits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.subscriptions.rules import limits
from billing.subscriptions.rules.clock import DAYS_35, Basis, Interval, Period, due_after_payment, is_too_long
from billing.subscriptions.rules.limits import Limit, Meter
from billing.subscriptions.rules.prices import Discount, is_upgrade, quote, unused_part

AT = datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
MONTH = Period(Interval.MONTH, 1)


@pytest.mark.req("S4-52")
@pytest.mark.parametrize(
    ("interval", "count", "expected"),
    [
        ("day", 35, "2026-03-07"), ("week", 2, "2026-02-14"), ("month", 1, "2026-02-28"),
        ("month", 13, "2027-02-28"), ("year", 1, "2027-01-31"),
    ],
)  # fmt: skip
def test_periods_end(interval: str, count: int, expected: str) -> None:
    end = Period(Interval(interval), count).after(AT)
    assert (end.date().isoformat(), end.time()) == (expected, AT.time())


def test_months_end_on_the_day_that_they_began_with() -> None:
    start = end = AT
    ends = []
    for _month in range(4):
        end = MONTH.after(end, anchor_day=start.day)
        ends.append(end.day)
    assert ends == [28, 31, 30, 31]
    assert (
        Period(Interval.YEAR, 1).after(datetime(2028, 2, 29, tzinfo=UTC)).date().isoformat() == "2029-02-28"
    )


@pytest.mark.req("S0-23", "S0-25")
@given(MOMENTS)
def test_thirty_five_days_to_the_second(at: datetime) -> None:
    assert DAYS_35.after(at) - at == timedelta(seconds=35 * 86_400)


@pytest.mark.req("S0-25", "C8")
@pytest.mark.parametrize(
    ("basis", "paid_after_due", "expected"),
    [
        ("payment", -5, 30), ("payment", 0, 35), ("payment", 3, 38), ("payment", 90, 125),
        ("due_date", -5, 35), ("due_date", 0, 35), ("due_date", 3, 35), ("due_date", 34, 35),
        # A period that would be over already is counted from the payment.
        ("due_date", 35, 70), ("due_date", 90, 125),
    ],
)  # fmt: skip
def test_the_next_35_days_from_payment_or_due_date(basis: str, paid_after_due: int, expected: int) -> None:
    paid = AT + paid_after_due * DAY
    due = due_after_payment(paid_at=paid, due=AT, period=DAYS_35, basis=Basis(basis))
    assert due - AT == expected * DAY


def test_three_years_are_the_longest() -> None:
    assert not is_too_long(DAYS_35) and not is_too_long(Period(Interval.YEAR, 3))
    assert is_too_long(Period(Interval.YEAR, 4)) and is_too_long(Period(Interval.DAY, 1096))


@pytest.mark.req("F42")
def test_a_quote_adds_up() -> None:
    made = quote(price=1_000, seats=3, discount=Discount(percent=Decimal(10)), unused=500, credit=5_000)
    assert [(line.kind, line.minor_units) for line in made.lines] == [
        ("plan", 3_000), ("discount", -300), ("unused", -500), ("credit", -2_200),
    ]  # fmt: skip
    assert (made.total, made.credit_left) == (0, 2_800)
    assert Discount(percent=Decimal("33.33")).of(1_005) == 335
    assert Discount(minor_units=400).of(300) == 300


AMOUNTS = st.integers(0, 10**9)


@given(AMOUNTS, st.integers(1, 50), st.none() | AMOUNTS, AMOUNTS, AMOUNTS)
def test_no_quote_loses_or_makes_money(
    price: int, seats: int, off: int | None, unused: int, credit: int
) -> None:
    discount = None if off is None else Discount(minor_units=off)
    made = quote(price=price, seats=seats, discount=discount, unused=unused, credit=credit)
    assert made.total == sum(line.minor_units for line in made.lines) >= 0
    taken = made.lines[0].minor_units - made.total - (discount.of(price * seats) if discount else 0)
    assert made.credit_left + taken == unused + credit
    assert made.total == 0 or made.credit_left == 0


@given(AMOUNTS, st.integers(1, 10**8), st.integers(0, 2 * 10**8))
def test_the_unused_part_is_a_part(paid: int, length: int, passed: int) -> None:
    start = AT
    end, at = start + timedelta(seconds=length), start + timedelta(seconds=passed)
    left = unused_part(paid, start=start, end=end, at=at)
    assert 0 <= left <= paid
    assert left == 0 if at >= end else abs(left * length - paid * (length - passed)) <= length
    assert unused_part(paid, start=start, end=end, at=start) == paid


def test_halves_are_rounded_up() -> None:
    assert unused_part(5, start=AT, end=AT + 2 * DAY, at=AT + DAY) == 3


def test_a_dearer_year_is_no_upgrade_of_a_dear_month() -> None:
    year = Period(Interval.YEAR, 1)
    assert not is_upgrade(old=2_000, old_period=MONTH, new=20_000, new_period=year, at=AT)
    assert is_upgrade(old=1_000, old_period=MONTH, new=20_000, new_period=year, at=AT)
    assert is_upgrade(old=1_000, old_period=MONTH, new=1_000, new_period=MONTH, at=AT)


@pytest.mark.req("S4-46", "S4-47", "C34", "F15")
def test_columns_of_a_plan_are_hard_limits() -> None:
    terms = {
        "daily_time_minutes": 60, "daily_data_mb": 5, "seats": None,
        "limits": {"bot_minutes": {"soft": 50}, "listings": {"hard": 10}, "members": {"soft": 3}},
    }  # fmt: skip
    assert limits.limits_of(terms) == {
        Meter.BOT_MINUTES: Limit(50, 60), Meter.API_BYTES: Limit(None, 5_000_000),
        Meter.LISTINGS: Limit(None, 10), Meter.MEMBERS: Limit(3, None),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given_limits", "fault"),
    [
        ([], "form"), ({"x": {}}, "meter"), ({"listings": 3}, "form"), ({"listings": {"much": 3}}, "form"),
        ({"listings": {"hard": -1}}, "number"), ({"listings": {"hard": True}}, "number"),
        ({"listings": {"hard": "3"}}, "number"), ({"members": {"hard": 3}}, "column"),
        ({"listings": {"soft": 4, "hard": 3}}, "order"), ({"listings": {"soft": 3, "hard": 3}}, ""), ({}, ""),
    ],
    ids=str,
)  # fmt: skip
def test_limits_that_cannot_be(given_limits: object, fault: str) -> None:
    assert limits.limits_fault(given_limits) == fault


@pytest.mark.req("F15")
def test_people_are_told_at_80_and_100_per_cent() -> None:
    levels = [limits.alert_level(used, Limit(hard=10)) for used in (0, 7, 8, 9, 10, 11)]
    assert levels == [0, 0, 80, 80, 100, 100]
    assert limits.alert_level(99, None) == limits.alert_level(99, Limit()) == 0
    assert limits.alert_level(8, Limit(soft=10)) == 80
    assert [limits.remaining(used, Limit(hard=10)) for used in (0, 10, 12)] == [10, 0, 0]
    assert limits.remaining(5, Limit(soft=1)) is None
