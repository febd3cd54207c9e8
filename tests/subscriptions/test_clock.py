"""The 35-day rule, literally (S0-21..26), and what a payment does to the clock (C8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from billing.subscriptions import options
from billing.subscriptions.events import ClockStarted, SubscriptionStateChanged
from billing.subscriptions.models import SubscriptionInfo
from shared_apps.access.actors import load_actor
from shared_apps.core import events
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.options import values
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.trading_accounts import services as accounts
from tests.subscriptions.shop import DAY, START, Clock, Shop
from tests.support.letters import code_in, send_waiting_letters

SECOND = timedelta(seconds=1)
pytestmark = pytest.mark.django_db


@pytest.mark.req("S0-21", "S0-22")
def test_who_signs_up_has_no_billing_time(acme: Tenant, client_of: Any, mailoutbox: list[Any]) -> None:
    client: Client = client_of("acme")
    body = {"email": "new@example.com", "password": "long-and-Rare-1", "first_name": "N", "last_name": "N"}
    assert client.post("/api/v1/auth/registration/", body, content_type="application/json").status_code < 300
    send_waiting_letters()
    answer = client.post(
        "/api/v1/auth/registration/verify-email/",
        {"email": "new@example.com", "otp": code_in(mailoutbox[-1])},
        content_type="application/json",
    )
    assert answer.status_code < 300, answer.content
    info = SubscriptionInfo.objects.get(tenant=acme, user__email="new@example.com")
    assert info.next_billing_time is None and info.first_source_at is None


@pytest.mark.req("S0-22", "S0-23", "S0-26")
def test_the_first_connection_starts_the_clock(in_acme: Tenant, clock: Clock) -> None:
    user = User.objects.get(email="trader@acme.example.com")
    actor = load_actor(user, in_acme, fresh=True)
    heard: list[Any] = []
    events.subscribe(ClockStarted, heard.append)

    def connect(name: str) -> None:
        made = accounts.create_account(actor=actor, venue="paper", name=name, currency="EUR")
        accounts.connect_account(actor=actor, trading_account_id=made.pk)

    def due() -> datetime | None:
        with platform_context():
            return SubscriptionInfo.objects.get(user=user).next_billing_time

    connect("First")
    assert due() == START + timedelta(seconds=35 * 86_400)
    clock.go(days=4)
    connect("Second")
    assert due() == START + timedelta(days=35)
    assert [event.next_billing_time for event in heard] == [START + timedelta(days=35)]
    events._SUBSCRIBERS[ClockStarted].remove(heard.append)


@pytest.mark.req("S0-19", "S0-22", "S0-23", "F39", "F40")
def test_without_any_plan_the_states_follow_the_clock(shop: Shop, clock: Clock) -> None:
    assert shop.access().access_state == "inactive"
    shop.connect()
    assert shop.access().access_state == "trial"
    end = START + 35 * DAY
    assert shop.access(end - SECOND).access_state == "trial"
    assert shop.access(end).access_state == "expired"
    assert shop.access().until == end


@pytest.mark.req("S0-25", "C8", "F39")
@pytest.mark.parametrize(("basis", "late", "expected"), [("payment", 3, 38), ("due_date", 3, 35)])
def test_each_payment_sets_the_next_35_days(
    shop: Shop, clock: Clock, basis: str, late: int, expected: int
) -> None:
    with values({options.BASIS: basis}):
        shop.choose("Basic")
        shop.connect()
        assert shop.due == START + 35 * DAY and shop.contract().status == "trial"
        shop.pay(at=clock.set(START + 35 * DAY))
        first = START + 35 * DAY + 35 * DAY
        assert shop.due == first and shop.contract().status == "paying"
        clock.set(first + late * DAY)
        shop.look()
        assert shop.contract().status == "past_due"
        shop.pay(at=clock.at)
        assert shop.due == first + expected * DAY
        assert shop.contract().status == "paying"


@pytest.mark.req("S0-22", "S0-26")
def test_paid_before_connecting_the_clock_waits_for_the_first_source(shop: Shop, clock: Clock) -> None:
    shop.pay(shop.choose("Basic"))
    assert shop.due is None and shop.access().access_state == "inactive"
    clock.go(days=10)
    shop.connect()
    assert shop.due == clock.at + 35 * DAY
    assert shop.contract().status == "paying"
    shop.connect(clock.go(days=1))
    assert shop.due == clock.at - DAY + 35 * DAY


@pytest.mark.req("S4-53")
def test_a_trial_of_the_price_takes_the_place_of_the_35_days(shop: Shop, clock: Clock) -> None:
    shop.price("Basic", "35.00", "day", 35, trial_period_days=7)
    assert shop.choose("Basic") is None, "nothing is to be paid now"
    assert shop.contract().status == "inactive"
    shop.connect()
    assert shop.due == START + 7 * DAY
    assert shop.contract().status == "trial"


def test_the_same_money_twice_counts_once(shop: Shop, clock: Clock) -> None:
    shop.connect()
    charge = shop.choose("Basic")
    heard: list[Any] = []
    events.subscribe(SubscriptionStateChanged, heard.append)
    for _time in range(3):
        clock.go(hours=1)
        shop.pay(charge)
    assert shop.due == START + timedelta(hours=1) + 35 * DAY
    assert [(event.before, event.after) for event in heard] == [("trial", "paying")]
    events._SUBSCRIBERS[SubscriptionStateChanged].remove(heard.append)


def test_money_for_what_is_asked_for_no_more_stays_as_credit(shop: Shop, clock: Clock) -> None:
    first = shop.choose("Basic")
    second = shop.choose("Pro")
    shop.connect()
    shop.pay(first)
    assert (shop.contract().status, shop.contract().credit) == ("trial", 3_500)
    shop.pay(second)
    assert shop.contract().status == "paying"


@pytest.mark.req("S4-52")
def test_a_monthly_price_ends_with_its_month(shop: Shop, clock: Clock) -> None:
    shop.price("Basic", "9.00", "month", 1)
    clock.set(START.replace(day=31))
    shop.connect()
    shop.pay(shop.choose("Basic"))
    assert shop.due == START.replace(year=2027, month=1, day=31)
    assert Decimal(shop.contract().period_paid) == 900


def test_nobody_s_clock_is_another_s(shop: Shop, globex: Tenant, clock: Clock) -> None:
    shop.connect()
    with platform_context():
        assert list(SubscriptionInfo.objects.filter(first_source_at__isnull=False)) == [shop.info()]
    with tenant_context(globex):
        from billing.subscriptions.gate import access_of

        assert access_of(globex, shop.user_id, timezone.now()).access_state == "inactive"
