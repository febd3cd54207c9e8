"""Books to compare: acme with a provider whose remote can lose, change and invent objects."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from celery import current_app
from django.db import transaction

from billing.payments import services as payments
from billing.payments.models import Payment, Payout
from billing.payments.rules import ledger_key
from billing.reconciliation import services
from billing.reconciliation.models import Break, ReconciliationRun
from shared_apps.access.actors import Actor, load_actor
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger import services as ledger
from shared_apps.ledger.rules import Leg
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member
from tenant_apps.wallet import services as wallet
from tests.payments.contract import fresh
from tests.payments.remotes.lab import Remote
from tests.support.people import signed_in


@pytest.fixture(autouse=True)
def _tasks() -> None:
    current_app.loader.import_default_modules()


class Books:
    """Acme's money: deposits by way of the laboratory, and what becomes of them."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        with platform_context():
            self.user = User.objects.get(email="trader@acme.example.com")
        self.remote = Remote(tenant, self.user.pk)
        self.remote.lab.objects.clear()
        self.clearing = codes.clearing("lab", self.remote.configuration.pk)
        with tenant_context(tenant):
            self.member = codes.member(Member.objects.get(user_id=self.user.pk).pk)

    def deposit(self, amount: str = "25.00") -> Payment:
        """Somebody pays into the wallet, by the wallet's own command."""
        with tenant_context(self.tenant):
            begun = wallet.begin_deposit(
                actor=signed_in(self.user, self.tenant),
                configuration_id=self.remote.configuration.pk,
                money=Money(Decimal(amount), "EUR"),
                key=str(uuid4()),
                return_url="http://acme.localhost/wallet/",
            )
        return self.pay(payments.start_payment(begun.payment_id))

    def unbooked(self) -> Payment:
        """A deposit that is paid and that no wallet knows of."""
        return self.pay(self.remote.started(purpose="deposit", reference=str(uuid4())))

    def pay(self, payment: Payment) -> Payment:
        self.remote.pay(payment)
        paid: Payment = self.remote.caught_up(payment)
        assert paid.state == "succeeded"
        return paid

    def payout(self, *, settled: bool = True) -> Payout:
        """A payout that no wallet knows of, booked by hand."""
        payout: Payout = payments.send_payout(self.remote.begin_payout().pk)
        self.remote.settle_payout(payout)
        done: Payout = self.remote.caught_up(payout)
        self.post(ledger_key("lab", done.provider_reference, "settled"), done.minor_units)
        return done

    def post(self, key: str, minor_units: int, code: str = "") -> None:
        """Book something by hand: ``minor_units`` as the account outside sees them."""
        outside = code or self.clearing
        with tenant_context(self.tenant), transaction.atomic():
            legs = [Leg(outside, "EUR", minor_units), Leg("revenue:fees", "EUR", -minor_units)]
            ledger.post(key=key, kind="test", legs=legs)

    def tamper(self, row: Any, **changes: Any) -> None:
        """Something happens to an object at the provider, and nobody is told."""
        there = self.remote.lab.objects
        there[row.provider_reference] = replace(there[row.provider_reference], **changes)

    def lose(self, row: Any) -> None:
        """The provider forgets an object."""
        del self.remote.lab.objects[row.provider_reference]


@pytest.fixture
def books(acme: Tenant) -> Books:
    return Books(acme)


def superadmin() -> Actor:
    with platform_context():
        user = User.objects.get(email="superadmin@example.com")
        return load_actor(user, None, fresh=True)


def compare() -> ReconciliationRun:
    """Have the books compared now and read the result."""
    run = services.start_run(actor=superadmin())
    assert services.carry_out(run.pk)
    done: ReconciliationRun = fresh_run(run)
    return done


def fresh_run(run: ReconciliationRun) -> ReconciliationRun:
    with platform_context():
        return ReconciliationRun.objects.get(pk=run.pk)


def breaks(run: ReconciliationRun) -> list[tuple[str, str, int | None, int | None]]:
    """Cause, key, expected and found of every difference."""
    with platform_context():
        rows = Break.objects.filter(run=run).order_by("cause", "key")
        return [(row.cause, row.key, row.expected, row.found) for row in rows]


__all__ = ["Books", "breaks", "compare", "fresh"]
