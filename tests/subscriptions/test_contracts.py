"""Choosing, changing, canceling and pausing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.subscriptions import options, services
from billing.subscriptions.models import PromotionCode, Subscription, SubscriptionCharge
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from tests.subscriptions.shop import DAY, START, Clock, Shop

pytestmark = pytest.mark.django_db


def running(shop: Shop, plan: str = "Basic") -> None:
    """The buyer has connected and paid."""
    shop.connect()
    shop.pay(shop.choose(plan))


@pytest.mark.req("F38", "S4-17")
def test_a_contract_keeps_its_terms_and_price(shop: Shop, clock: Clock) -> None:
    running(shop)
    services.change_plan(
        actor=shop.seller, plan_id=shop.plans["Basic"].pk,
        changes={"name": "Basic 2", "daily_time_minutes": 5, "entitlements": []},
    )  # fmt: skip
    shop.price("Basic", "99.00")
    contract = shop.contract()
    with platform_context():
        assert contract.version.terms["name"] == "Basic"
        assert contract.version.terms["daily_time_minutes"] is None
        assert contract.version.number == 1 and contract.version.plan.version == 2
        assert contract.pricing is not None and contract.pricing.amount == Decimal("35.00")
        assert not contract.pricing.active
    clock.set(START + 35 * DAY)
    shop.look()
    charge = shop.open_charge()
    assert charge is not None and charge.minor_units == 3_500


def test_choosing_again_before_paying_replaces_the_choice(shop: Shop, clock: Clock) -> None:
    shop.choose("Basic")
    charge = shop.choose("Pro")
    assert charge is not None and charge.minor_units == 7_000
    with platform_context():
        assert Subscription.objects.filter(info=shop.info()).count() == 1
        states = SubscriptionCharge.objects.order_by("created_at").values_list("state", flat=True)
        assert list(states) == ["void", "open"]
    shop.connect()
    shop.pay(charge)
    with pytest.raises(ConflictError, match="change it instead"):
        shop.choose("Basic")


@pytest.mark.parametrize(
    ("more", "field"),
    [({"seats": 2}, "seats"), ({"seats": 0}, "seats"), ({"method": "barter"}, "method"), ({"code": "NO"}, "code")],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_chosen_is_named(shop: Shop, more: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as caught:
        shop.choose("Basic", **more)
    assert caught.value.field == field


def test_nobody_buys_what_another_sells_or_what_is_not_on_offer(
    shop: Shop, platform_shop: Shop, clock: Clock
) -> None:
    with pytest.raises(DomainError, match="not on offer"):
        services.subscribe(actor=shop.buyer, price_id=platform_shop.prices["Starter"].pk, method="invoice")
    services.change_plan(actor=shop.seller, plan_id=shop.plans["Pro"].pk, changes={"available": False})
    with pytest.raises(DomainError, match="not on offer"):
        shop.choose("Pro")
    services.end_price(actor=shop.seller, price_id=shop.prices["Basic"].pk)
    with pytest.raises(DomainError, match="not on offer"):
        shop.choose("Basic")


@pytest.mark.req("F42")
def test_an_upgrade_is_had_when_paid_and_costs_what_the_preview_said(shop: Shop, clock: Clock) -> None:
    running(shop)
    clock.go(days=7)  # four fifths of 35.00 are left
    preview = services.preview_change(actor=shop.buyer, price_id=shop.prices["Pro"].pk)
    assert [(line.kind, line.minor_units) for line in preview.quote.lines] == [
        ("plan", 7_000), ("unused", -2_800),
    ]  # fmt: skip
    assert (preview.quote.total, preview.takes_effect) == (4_200, "after_payment")
    clock.go(minutes=9)
    charge = shop.change("Pro", at=preview.at)
    assert charge is not None and charge.minor_units == 4_200
    with platform_context():
        assert shop.contract().version.plan.name == "Basic", "not before it is paid"
    shop.pay(charge, at=clock.go(minutes=1))
    with platform_context():
        assert shop.contract().version.plan.name == "Pro"
    assert shop.due == clock.at + 35 * DAY
    assert shop.contract().period_paid == 7_000


def test_an_old_or_future_preview_does_not_hold(shop: Shop, clock: Clock) -> None:
    running(shop)
    begun = clock.go(days=7)
    clock.set(begun + options.QUOTE_LIFETIME.default + timedelta(seconds=1))
    for at in (begun, clock.at + timedelta(seconds=1), START - DAY):
        with pytest.raises(ConflictError, match="too old"):
            shop.change("Pro", at=at)
    assert shop.change("Pro", at=begun + timedelta(seconds=1)) is not None


@pytest.mark.req("F42")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 35 * 86_400 - 1), st.integers(3_500, 10**7), st.integers(0, 899))
def test_the_charge_is_the_preview_s_whenever_and_whatever(
    shop: Shop, clock: Clock, passed: int, amount: int, later: int
) -> None:
    point = transaction.savepoint()
    clock.set(START)
    running(shop)
    shop.price("Pro", f"{Decimal(amount) / 100:.2f}", "day", 35)
    clock.go(seconds=passed)
    preview = services.preview_change(actor=shop.buyer, price_id=shop.prices["Pro"].pk)
    clock.go(seconds=later)
    if clock.at >= START + 35 * DAY:
        shop.look()
    else:
        charge = shop.change("Pro", at=preview.at)
        paid = 0 if charge is None else charge.minor_units
        assert paid == preview.quote.total
        left = shop.contract().credit if charge is None else charge.credit_left
        assert left == preview.quote.credit_left
    transaction.savepoint_rollback(point)


@pytest.mark.req("F42")
def test_a_downgrade_waits_for_the_period_s_end(shop: Shop, clock: Clock) -> None:
    running(shop, "Pro")
    clock.go(days=7)
    preview = services.preview_change(actor=shop.buyer, price_id=shop.prices["Basic"].pk)
    assert (preview.takes_effect, preview.effective_at, preview.quote.total) == (
        "period_end",
        shop.due,
        3_500,
    )
    assert shop.change("Basic") is None
    with platform_context():
        assert shop.contract().version.plan.name == "Pro"
    clock.set(START + 35 * DAY)
    shop.look()
    charge = shop.open_charge()
    assert charge is not None and charge.minor_units == 3_500
    shop.pay(charge)
    with platform_context():
        assert shop.contract().version.plan.name == "Basic"
    assert shop.contract().next_pricing_id is None


def test_a_change_that_waits_is_taken_back(shop: Shop, clock: Clock) -> None:
    running(shop, "Pro")
    shop.change("Basic")
    assert shop.change("Pro") is None
    assert shop.contract().next_pricing_id is None
    with pytest.raises(ConflictError, match="what you have"):
        shop.change("Pro")


def test_seats_are_bought_and_are_the_limit_of_people(platform_shop: Shop, clock: Clock) -> None:
    from billing.subscriptions import meters

    platform_shop.plan("Team", requires_invoice=True, seats=50)
    platform_shop.price("Team", "10.00", "month", 1, per_seat=True)
    charge = platform_shop.choose("Team", seats=4)
    assert charge is not None and charge.minor_units == 4_000
    platform_shop.pay(charge)
    assert meters.limits_for(platform_shop.tenant)[meters.Meter.MEMBERS].hard == 4
    more = platform_shop.change("Team", seats=6)
    assert more is not None and more.minor_units == 2_000
    platform_shop.pay(more)
    assert meters.limits_for(platform_shop.tenant)[meters.Meter.MEMBERS].hard == 6
    with pytest.raises(DomainError, match="at most 50"):
        platform_shop.change("Team", seats=51)


@pytest.mark.req("F42")
def test_a_cancellation_comes_with_the_period_and_can_be_taken_back(shop: Shop, clock: Clock) -> None:
    running(shop)
    end = shop.due
    contract = services.cancel_subscription(actor=shop.buyer, reason="Too dear")
    assert contract.cancel_at == end and contract.status == "paying"
    with pytest.raises(ConflictError):
        services.cancel_subscription(actor=shop.buyer)
    assert services.resume_subscription(actor=shop.buyer).cancel_at is None
    services.cancel_subscription(actor=shop.buyer)
    clock.set(START + 35 * DAY - timedelta(seconds=1))
    assert shop.access().access_state == "paying"
    clock.set(START + 35 * DAY)
    assert shop.access().access_state == "expired"
    shop.look()
    assert shop.contract().status == "canceled" and shop.open_charge() is None
    with pytest.raises(NotFoundError):
        services.resume_subscription(actor=shop.buyer)
    clock.go(days=100)
    shop.pay(shop.choose("Basic"))
    assert shop.contract().status == "paying" and shop.due == clock.at + 35 * DAY


def test_canceled_at_once_it_ends_at_once(shop: Shop, clock: Clock) -> None:
    running(shop)
    services.cancel_subscription(actor=shop.buyer, at_once=True)
    assert shop.contract().status == "canceled"
    assert shop.access().access_state == "expired"


@pytest.mark.req("F42")
def test_a_pause_keeps_what_was_paid_for(shop: Shop, clock: Clock) -> None:
    running(shop)
    clock.go(days=5)
    services.pause_subscription(actor=shop.buyer, days=20)
    assert shop.access().access_state == "inactive" and shop.contract().status == "inactive"
    clock.go(days=12)
    shop.look()
    services.resume_subscription(actor=shop.buyer)
    assert shop.due == START + 47 * DAY and shop.access().access_state == "paying"
    services.pause_subscription(actor=shop.buyer, days=20)
    clock.go(days=20)
    assert shop.access().access_state == "paying", "it goes on by itself"
    shop.look()
    assert shop.due == START + 67 * DAY and shop.contract().paused_at is None
    with pytest.raises(DomainError, match="1 to 90 days"):
        services.pause_subscription(actor=shop.buyer, days=91)


def test_what_does_not_run_is_not_paused(shop: Shop, platform_shop: Shop, clock: Clock) -> None:
    shop.connect()
    shop.choose("Basic")
    with pytest.raises(ConflictError):
        services.pause_subscription(actor=shop.buyer)


def code_of(shop: Shop, **values: Any) -> PromotionCode:
    return services.create_coupon(actor=shop.seller, code="spring", **values)


@pytest.mark.req("F42")
def test_a_promotion_code_holds_for_its_periods(shop: Shop, clock: Clock) -> None:
    code_of(shop, percent_off=Decimal(20), periods=2)
    charge = shop.choose("Basic", code="Spring ")
    assert charge is not None and charge.minor_units == 2_800
    shop.connect()
    shop.pay(charge)
    paid = []
    for number in (1, 2):
        clock.set(START + number * 35 * DAY)
        shop.look()
        charge = shop.open_charge()
        assert charge is not None
        paid.append(charge.minor_units)
        shop.pay(charge)
    assert paid == [2_800, 3_500]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"amount_off": Decimal(5), "currency": "USD"}, "code.other_plan"),
        ({"percent_off": Decimal(5), "most_uses": 0}, "code.used_up"),
    ],
    ids=["currency", "used-up"],
)
def test_a_code_that_does_not_hold(shop: Shop, values: dict[str, Any], code: str) -> None:
    code_of(shop, **values)
    with pytest.raises(DomainError) as caught:
        shop.choose("Basic", code="SPRING")
    assert (caught.value.code, caught.value.field) == (code, "code")


def test_a_code_is_used_once_a_contract_and_ends(shop: Shop, clock: Clock) -> None:
    made = code_of(shop, percent_off=Decimal(100), most_uses=1, expires_at=START + DAY)
    assert shop.choose("Basic", code="spring") is None, "nothing to pay"
    made.refresh_from_db()
    assert made.uses == 1
    assert shop.contract().is_prepaid
    services.end_code(actor=shop.seller, code_id=made.pk)
    made.refresh_from_db()
    assert not made.active


@pytest.mark.req("S4-45")
def test_a_free_plan_begins_with_the_first_source_and_renews_by_itself(shop: Shop, clock: Clock) -> None:
    shop.plan("Free", requires_payment=False)
    shop.price("Free", "0.00", "month", 1)
    assert shop.choose("Free") is None
    assert shop.access().access_state == "inactive"
    shop.connect()
    assert shop.contract().status == "paying"
    clock.go(days=100)
    shop.look()
    assert shop.contract().status == "paying"
    assert shop.due is not None and shop.due > clock.at


@pytest.mark.req("S4-44")
def test_the_default_plan_is_given_to_who_signs_up(platform_shop: Shop, clock: Clock) -> None:
    from shared_apps.core.context import PUBLIC

    platform_shop.plan("Free", requires_payment=False, default=True)
    platform_shop.price("Free", "0.00", "month", 1)
    with transaction.atomic():
        services.give_default_plan(tenant=platform_shop.tenant, user_id=None, seller=PUBLIC)
        services.give_default_plan(tenant=platform_shop.tenant, user_id=None, seller=PUBLIC)
    with platform_context():
        assert platform_shop.contract().version.plan.name == "Free"
    assert platform_shop.contract().status == "paying"
    with pytest.raises(ConflictError):
        platform_shop.choose("Business")
    charge = platform_shop.change("Business")
    assert charge is not None and charge.minor_units == 49_000
    platform_shop.pay(charge)
    assert platform_shop.due == START.replace(month=1, year=2027)


def test_only_an_owner_subscribes_for_an_organisation(platform_shop: Shop, clock: Clock) -> None:
    from shared_apps.users.models import User
    from tests.subscriptions.shop import actor_of

    for who in ("staff@acme.example.com", "owner@globex.example.com", "admin@example.com"):
        stranger = actor_of(User.objects.get(email=who), None)
        with pytest.raises(NotFoundError):
            services.subscribe(
                actor=stranger, price_id=platform_shop.prices["Starter"].pk, method="invoice",
                organisation=platform_shop.tenant.uuid,
            )  # fmt: skip
