"""What a seller's subscriptions came to, written down row by row: the examples are reckoned by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.payments.models import Payment, PaymentGatewayConfig, Refund
from billing.subscriptions.models import (
    Plan,
    PlanPricing,
    PlanVersion,
    Subscription,
    SubscriptionCharge,
    SubscriptionInfo,
)
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User


def at(text: str) -> datetime:
    """Noon of a day, in UTC."""
    return datetime.fromisoformat(f"{text}T12:00:00").replace(tzinfo=UTC)


@dataclass
class Books:
    """Plans and contracts of one seller (None: the platform, whose subscriber is ``buyer``)."""

    seller: Tenant | None
    buyer: Tenant | None = None
    count: int = 0
    prices: dict[str, PlanPricing] = field(default_factory=dict)
    versions: dict[str, PlanVersion] = field(default_factory=dict)

    def plan(self, name: str, amount: str, interval: str, count: int = 1, **more: Any) -> None:
        audience = "subscriber" if self.seller else "tenant"
        plan = Plan.objects.create(owner=self.seller, audience=audience, name=name)
        self.versions[name] = PlanVersion.objects.create(plan=plan, number=1, terms={})
        self.prices[name] = PlanPricing.objects.create(
            plan=plan, amount=Decimal(amount), interval=interval, interval_count=count,
            **({"currency": "EUR"} | more),
        )  # fmt: skip

    def contract(self, plan: str, next_at: str | None, **more: Any) -> Subscription:
        """Somebody new subscribes; ``next_at`` is when the next payment is due."""
        self.count += 1
        user = None
        if self.seller is not None:
            name = f"buyer-{self.count}-of-{self.seller.slug}"
            user = User.objects.create(username=name, email=f"{name}@example.com")
        info, _new = SubscriptionInfo.objects.get_or_create(tenant=self.seller or self.buyer, user=user)
        info.next_billing_time = None if next_at is None else at(next_at)
        info.save()
        return Subscription.objects.create(
            info=info, version=self.versions[plan], pricing=self.prices[plan],
            **({"status": "paying", "method": "invoice"} | more),
        )  # fmt: skip

    def pay(
        self, contract: Subscription, day: str, minor_units: int, provider: str = "", **more: Any
    ) -> Payment | None:
        """A charge that was paid, by a provider's payment where one is named."""
        price = more.pop("pricing", contract.pricing)
        payment = self._payment(provider, day, minor_units, price.currency) if provider else None
        SubscriptionCharge.objects.create(
            subscription=contract, state="paid", version=contract.version, pricing=price,
            minor_units=minor_units, currency=price.currency, paid_at=at(day),
            payment_id=payment and payment.pk, **({"kind": "first"} | more),
        )  # fmt: skip
        return payment

    def refund(self, payment: Payment | None, day: str, minor_units: int, **more: Any) -> None:
        assert payment is not None
        self.count += 1
        Refund.objects.create(
            tenant=self.seller, configuration=payment.configuration, provider=payment.provider,
            currency=payment.currency, minor_units=minor_units, payment=payment, ended_at=at(day),
            key=f"r{self.count}", attempt_key=f"books-refund-{payment.pk}-{self.count}",
            **({"state": "succeeded"} | more),
        )  # fmt: skip

    def _payment(self, provider: str, day: str, minor_units: int, currency: str) -> Payment:
        self.count += 1
        name = f"{provider}-{self.seller.slug if self.seller else 'platform'}"
        gateway, _new = PaymentGatewayConfig.objects.get_or_create(
            tenant=self.seller, provider=provider, name=name
        )
        return Payment.objects.create(
            tenant=self.seller, configuration=gateway, provider=provider, currency=currency,
            minor_units=minor_units, received_minor_units=minor_units, state="succeeded",
            purpose="subscription", reference="x", description="x", return_url="/", key=f"{name}-{self.count}",
            attempt_key=f"{name}-{self.count}", label=f"{name}-{self.count}"[-25:], ended_at=at(day),
        )  # fmt: skip


def four_months(seller: Tenant) -> Books:
    """January to April 2026: one who stops paying, one by the year, one who cancels."""
    books = Books(seller)
    books.plan("Basic", "35.00", "day", 35)
    books.plan("Pro", "120.00", "year")
    books.plan("Team", "10.00", "month", per_seat=True)
    late = books.contract("Basic", "2026-03-16", status="read_only")
    books.pay(late, "2026-01-05", 3500, "stripe")
    books.pay(late, "2026-02-09", 3500, "stripe", kind="renewal", due_at=at("2026-02-09"))
    yearly = books.contract("Pro", "2027-01-20")
    books.pay(yearly, "2026-01-20", 12000)
    team = books.contract("Team", "2026-03-05", status="canceled", cancel_at=at("2026-03-05"), seats=3)
    paid = books.pay(team, "2026-02-10", 3000, "stripe", seats=3)
    books.refund(paid, "2026-03-02", 1000)
    books.refund(paid, "2026-03-03", 500, state="failed")
    return books
