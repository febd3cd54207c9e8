"""A shop with plans, people who buy there, and a clock that can be set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from billing.subscriptions import services
from billing.subscriptions.gate import Access, access_of
from billing.subscriptions.models import (
    Plan,
    PlanPricing,
    Subscription,
    SubscriptionCharge,
    SubscriptionInfo,
)
from shared_apps.access.actors import Actor, load_actor
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User

DAY = timedelta(days=1)
START = datetime(2026, 12, 1, 9, 30, 15, 250_000, tzinfo=UTC)


@dataclass
class Clock:
    """What ``timezone.now()`` says."""

    at: datetime = START

    def __call__(self) -> datetime:
        return self.at

    def set(self, at: datetime) -> datetime:
        self.at = at
        return at

    def go(self, **delta: float) -> datetime:
        return self.set(self.at + timedelta(**delta))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time stands still until the test moves it."""
    made = Clock()
    monkeypatch.setattr(timezone, "now", made)
    return made


@dataclass
class Shop:
    """Who sells (a tenant, or the platform), what there is, and the one who buys."""

    tenant: Tenant
    seller: Actor
    buyer: Actor
    user_id: int | None
    plans: dict[str, Plan] = field(default_factory=dict)
    prices: dict[str, PlanPricing] = field(default_factory=dict)

    def plan(self, name: str, **values: Any) -> Plan:
        """A plan of that name."""
        made = services.create_plan(actor=self.seller, values={"name": name, **values})
        self.plans[name] = made
        return made

    def price(
        self, plan: str, amount: str, interval: str = "day", count: int = 35, **more: Any
    ) -> PlanPricing:
        """Its price; the name of the plan finds it."""
        more.setdefault("currency", "EUR")
        made = services.add_price(
            actor=self.seller, plan_id=self.plans[plan].pk, amount=Decimal(amount), interval=interval,
            interval_count=count, **more,
        )  # fmt: skip
        self.prices[plan] = made
        return made

    def choose(self, plan: str, **more: Any) -> SubscriptionCharge | None:
        """Subscribe; the charge that is to be paid now."""
        more.setdefault("method", "invoice")
        return services.subscribe(actor=self.buyer, price_id=self.prices[plan].pk, **more)[1]

    def change(self, plan: str, **more: Any) -> SubscriptionCharge | None:
        """Move to another plan."""
        return services.change_subscription(actor=self.buyer, price_id=self.prices[plan].pk, **more)[1]

    def connect(self, at: datetime | None = None) -> None:
        """The first, or another, data source answers."""
        assert self.user_id is not None
        with tenant_context(self.tenant), transaction.atomic():
            services.first_source_connected(tenant=self.tenant, user_id=self.user_id, at=at or timezone.now())

    def pay(self, charge: SubscriptionCharge | None = None, at: datetime | None = None) -> None:
        """Money for the charge, or for the open one, comes in."""
        charge = charge or self.open_charge()
        assert charge is not None
        with transaction.atomic():
            services.charge_paid(charge_id=charge.pk, at=at)

    def fail(self, charge: SubscriptionCharge | None = None) -> None:
        """An attempt fails."""
        charge = charge or self.open_charge()
        assert charge is not None
        with transaction.atomic():
            services.charge_failed(charge_id=charge.pk, reason="card_declined")

    def look(self, now: datetime | None = None) -> None:
        """What the periodic task does."""
        for each in services.due_subscriptions(now or timezone.now()):
            services.advance_subscription(subscription_id=each, now=now)

    def info(self) -> SubscriptionInfo:
        with platform_context():
            return SubscriptionInfo.objects.get(tenant=self.tenant, user_id=self.user_id)

    def contract(self) -> Subscription:
        with platform_context():
            return Subscription.objects.filter(info=self.info()).latest("created_at")

    def open_charge(self) -> SubscriptionCharge | None:
        with platform_context():
            return SubscriptionCharge.objects.filter(subscription=self.contract(), state="open").first()

    def access(self, now: datetime | None = None) -> Access:
        return access_of(self.tenant, self.user_id, now)

    @property
    def due(self) -> datetime | None:
        return self.info().next_billing_time


def actor_of(user: User, tenant: Tenant | None) -> Actor:
    return load_actor(user, tenant, fresh=True).by("session")


@pytest.fixture
def shop(acme: Tenant) -> Shop:
    """acme sells to its trader: Basic and Pro at a price for 35 days, by invoice."""
    owner = User.objects.get(email="owner@acme.example.com")
    trader = User.objects.get(email="trader@acme.example.com")
    made = Shop(acme, actor_of(owner, acme), actor_of(trader, acme), trader.pk)
    made.plan("Basic", requires_invoice=True)
    made.price("Basic", "35.00")
    made.plan("Pro", requires_invoice=True)
    made.price("Pro", "70.00")
    return made


@pytest.fixture
def platform_shop(acme: Tenant) -> Shop:
    """The platform sells to acme, whose owner stands on the platform's host."""
    owner = User.objects.get(email="owner@acme.example.com")
    made = Shop(acme, Actor.system("test"), actor_of(owner, None), None)
    made.plan("Starter", requires_invoice=True)
    made.price("Starter", "49.00", "month", 1)
    made.plan("Business", requires_invoice=True)
    made.price("Business", "490.00", "month", 1)
    return made


@pytest.fixture
def in_platform(db: None) -> Iterator[None]:
    """In the platform role."""
    with platform_context():
        yield
