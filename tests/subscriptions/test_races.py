"""Several at once, with real commits: one clock, one period for one amount, one default, one code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.subscriptions import meters, services
from billing.subscriptions.events import ClockStarted
from billing.subscriptions.models import (
    MeterCount,
    PromotionCode,
    Subscription,
    SubscriptionCharge,
    SubscriptionInfo,
)
from shared_apps.core import events
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import DomainError
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.trading_accounts import services as accounts
from tests.subscriptions.shop import Shop, actor_of

THREADS = 6
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run each in its own thread and connection, all from the same moment on; refusals are returned."""
    barrier, results = threading.Barrier(len(works)), []

    def one(work: Callable[[], Any]) -> None:
        try:
            with audit_context(actor_label="test"):
                barrier.wait()
                results.append(work())
        except DomainError as refused:
            results.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(results) == len(works)
    return results


@pytest.mark.req("S0-26", "S0-23")
def test_of_first_connections_at_once_one_starts_the_clock(acme: Tenant) -> None:
    user = User.objects.get(email="trader@acme.example.com")
    actor = actor_of(user, acme)
    with tenant_context(acme):
        made = [
            accounts.create_account(actor=actor, venue="paper", name=f"A{number}", currency="EUR").pk
            for number in range(THREADS)
        ]
    heard: list[Any] = []
    events.subscribe(ClockStarted, heard.append)

    def connect(account_id: Any) -> Callable[[], None]:
        def work() -> None:
            with tenant_context(acme):
                accounts.connect_account(actor=actor, trading_account_id=account_id)

        return work

    before = timezone.now()
    at_once(*(connect(account_id) for account_id in made))
    events._SUBSCRIBERS[ClockStarted].remove(heard.append)
    assert len(heard) == 1
    with platform_context():
        info = SubscriptionInfo.objects.get(user=user)
    assert info.first_source_at is not None and before <= info.first_source_at <= timezone.now()
    assert info.next_billing_time == info.first_source_at + timedelta(days=35) == heard[0].next_billing_time


@pytest.mark.req("S0-26")
def test_the_step_itself_starts_the_clock_once(acme: Tenant) -> None:
    """Whoever tells of a first connection, and however often."""
    user = User.objects.get(email="buyer@acme.example.com")
    moments = [timezone.now() + timedelta(seconds=number) for number in range(THREADS)]

    def start(at: Any) -> Callable[[], Any]:
        def work() -> Any:
            with tenant_context(acme), transaction.atomic():
                return services.first_source_connected(tenant=acme, user_id=user.pk, at=at).next_billing_time

        return work

    results = at_once(*(start(at) for at in moments))
    assert len(set(results)) == 1
    assert results[0] - timedelta(days=35) in moments


def test_one_payment_told_of_by_many_counts_once(shop: Shop) -> None:
    shop.connect()
    charge = shop.choose("Basic")
    at = timezone.now()
    at_once(*[lambda: shop.pay(charge, at=at)] * THREADS)
    assert shop.due == at + timedelta(days=35)
    with platform_context():
        assert shop.contract().credit == 0


def test_two_workers_that_look_at_once_ask_once(shop: Shop) -> None:
    shop.connect()
    shop.choose("Basic")
    later = timezone.now() + timedelta(days=36)
    contract = shop.contract().pk
    at_once(*[lambda: services.advance_subscription(subscription_id=contract, now=later)] * THREADS)
    with platform_context():
        assert SubscriptionCharge.objects.filter(kind="renewal").count() == 1
        assert SubscriptionCharge.objects.get(kind="renewal").attempts == 1


def test_two_choices_at_once_are_one_contract(shop: Shop) -> None:
    at_once(*[lambda: shop.choose("Basic"), lambda: shop.choose("Pro")] * 2)
    with platform_context():
        assert Subscription.objects.filter(info=shop.info()).count() == 1
        assert SubscriptionCharge.objects.filter(state="open").count() == 1


def test_a_code_for_one_is_used_once(shop: Shop, acme: Tenant) -> None:
    services.create_coupon(actor=shop.seller, code="ONE", percent_off=Decimal(10), most_uses=1)
    people = [
        actor_of(User.objects.get(email=f"{who}@acme.example.com"), acme) for who in ("buyer", "seller")
    ]

    def choose(actor: Any) -> Callable[[], Any]:
        return lambda: services.subscribe(
            actor=actor, price_id=shop.prices["Basic"].pk, code="ONE", method="invoice"
        )

    results = at_once(*(choose(actor) for actor in people))
    refused = [each for each in results if isinstance(each, DomainError)]
    assert [each.code for each in refused] == ["code.used_up"]
    with platform_context():
        assert PromotionCode.objects.get(code="ONE").uses == 1


@pytest.mark.req("F15")
def test_counts_of_many_workers_add_up(acme: Tenant) -> None:
    at_once(*[lambda: meters.count(acme, "bot_minutes", 3)] * THREADS)
    now = timezone.now()
    at_once(*[lambda: meters.count(acme, "bot_minutes", 5, at=now)] * THREADS)
    with platform_context():
        assert MeterCount.objects.get(meter="bot_minutes").used == 3 * THREADS + 5
