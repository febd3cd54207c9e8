"""Money for members, accounts at providers, and people who have just proved who they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone

from audit.models import AuditLog
from billing.payments.models import PaymentGatewayConfig
from billing.payments.services import gateways
from shared_apps.access.actors import Actor
from shared_apps.core import options
from shared_apps.core.context import platform_context
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger import queries as ledger_queries
from shared_apps.ledger import services as ledger
from shared_apps.ledger.services import Leg
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member
from tenant_apps.wallet import options as wallet_options
from tenant_apps.wallet import services
from tenant_apps.wallet.models import PayoutDestination
from tests.support.people import signed_in

IBAN = "DE89370400440532013000"
BITCOIN = "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"


def eur(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def bank_of(tenant: Tenant, name: str = "Bank", currencies: list[str] | None = None) -> PaymentGatewayConfig:
    """An organisation's bank account, whose transfers staff confirm."""
    with platform_context(), transaction.atomic():
        return gateways.add_configuration(
            tenant=tenant,
            provider="manual",
            name=name,
            settings={"account_holder": "Acme Ltd", "iban": IBAN},
            secrets={},
            currencies=currencies or ["EUR", "USD"],
            is_simulated=True,
        )


@pytest.fixture
def bank(in_acme: Tenant) -> PaymentGatewayConfig:
    """Acme's bank account."""
    return bank_of(in_acme)


def member_of(who: str) -> Member:
    """One of acme's people as a member."""
    return Member.objects.get(email=f"{who}@acme.example.com")


def acts(who: str) -> Actor:
    """One of acme's people with a session that was proved just now."""
    with platform_context():
        tenant = Tenant.objects.get(slug="acme")
        user = User.objects.get(email=f"{who}@acme.example.com")
    return signed_in(user, tenant)


def fund(who: str, amount: str, currency: str = "EUR") -> UUID:
    """Put money into somebody's wallet; its owner's number."""
    member_id = member_of(who).pk
    units = Money(Decimal(amount), currency).minor_units()
    with transaction.atomic():
        ledger.post(
            key=f"test:{uuid4()}",
            kind="deposit",
            legs=[
                Leg("clearing:test:1", currency, -units),
                Leg(codes.member(member_id), currency, units),
            ],
        )
    return member_id


def available(who: str, currency: str = "EUR") -> str:
    """What somebody has, as text."""
    return str(ledger_queries.balance(codes.member(member_of(who).pk), currency).available_money().amount)


def held(who: str, currency: str = "EUR") -> int:
    return ledger_queries.balance(codes.member(member_of(who).pk), currency).held


def owed(who: str, currency: str = "EUR") -> int:
    return -ledger_queries.balance(codes.receivable(member_of(who).pk), currency).balance


def told(action: str) -> list[dict[str, Any]]:
    """Details of every event of a name that acme was told."""
    return [row.details for row in AuditLog.objects.filter(action=f"wallet.{action}").order_by("id")]


def iban_of(who: str, cooled: bool = True) -> PayoutDestination:
    """A bank account of somebody, past its cool-down."""
    row = services.add_destination(
        actor=acts(who), kind="iban", label="My bank", address=IBAN, holder="Ann Example"
    )
    if cooled:
        with transaction.atomic():
            PayoutDestination.objects.filter(pk=row.pk).update(
                usable_from=timezone.now() - timedelta(hours=1)
            )
        row.refresh_from_db()
    return row


@pytest.fixture
def settle() -> Iterator[Callable[..., None]]:
    """``settle(APPROVAL_ABOVE="10")``: options of wallets for one test."""
    entered = []

    def change(**values: Any) -> None:
        found = {getattr(wallet_options, name): value for name, value in values.items()}
        context = options.values(found)
        context.__enter__()
        entered.append(context)

    yield change
    for context in reversed(entered):
        context.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def _ledger_is_whole(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test inside acme: nothing was lost or made, and each stored balance is its entries' sum."""
    inside = "in_acme" in request.fixturenames
    if inside:
        request.getfixturevalue("in_acme")  # left after this one
    yield
    if inside and not connection.needs_rollback:
        assert ledger_queries.recompute() == []
        assert set(ledger_queries.totals().values()) <= {0}
