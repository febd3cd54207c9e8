"""Accounts at providers, people, and what was told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from celery import current_app
from django.db import transaction

from audit.models import AuditLog
from billing.payments import services
from billing.payments.models import Payment, PaymentGatewayConfig
from billing.payments.options import FLAGS
from billing.payments.services import gateways, staff
from shared_apps.access.actors import Actor
from shared_apps.core import options
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.money import Money
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member

IBAN = "DE89370400440532013000"
RETURN = "http://acme.localhost/back/"


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


@pytest.fixture(autouse=True)
def _tasks() -> None:
    current_app.loader.import_default_modules()


@pytest.fixture
def in_operation() -> Iterator[None]:
    """Every provider's flag is on."""
    with options.values(dict.fromkeys(FLAGS.values(), True)):
        yield


@pytest.fixture
def bank(acme: Tenant) -> PaymentGatewayConfig:
    """Acme's bank account."""
    return account_of(acme)


def account_of(tenant: Tenant | None, name: str = "Bank") -> PaymentGatewayConfig:
    with platform_context(), transaction.atomic():
        return gateways.add_configuration(
            tenant=tenant,
            provider="manual",
            name=name,
            settings={"account_holder": "Acme Ltd", "iban": IBAN},
            secrets={},
            currencies=["EUR", "JPY"],
            is_simulated=False,
        )


@pytest.fixture
def begin(acme: Tenant, bank: PaymentGatewayConfig, person: Callable[[str], User]) -> Callable[..., Payment]:
    """Begin a payment of the trader, as an app in the tenant does."""

    def make(amount: str = "25.00", **changes: Any) -> Payment:
        fields: dict[str, Any] = {
            "tenant": acme, "configuration_id": bank.pk, "purpose": "deposit", "reference": "deposit:1",
            "user_id": person("trader@acme").pk, "money": eur(amount), "description": "Deposit",
            "return_url": RETURN, "key": f"deposit:{amount}",
        }  # fmt: skip
        with tenant_context(acme), transaction.atomic():
            return services.begin_payment(**(fields | changes))

    return make


@pytest.fixture
def actor_in(acme: Tenant) -> Callable[[str], Actor]:
    """``actor_in("owner")``: one of acme's people."""

    def make(who: str) -> Actor:
        with tenant_context(acme):
            member = Member.objects.get(email=f"{who}@acme.example.com")
        return Actor(
            user_id=member.user_id,
            tenant_schema=acme.schema_name,
            member_id=member.pk,
            capabilities=frozenset(member.capabilities),
            method="session",
        )

    return make


@pytest.fixture
def proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """These actors have no session that could prove anything; over HTTP they have (test_doors)."""
    for module in (staff, gateways):
        monkeypatch.setattr(module, "require_recent", lambda actor: None)


def fresh(row: Any) -> Any:
    """The row as it is now."""
    with platform_context():
        return type(row)._default_manager.select_related("tenant").get(pk=row.pk)


def told(tenant: Tenant, action: str) -> list[dict[str, Any]]:
    """Details of every event of a name that a tenant was told."""
    with tenant_context(tenant):
        return [row.details for row in AuditLog.objects.filter(action=f"payments.{action}").order_by("id")]
