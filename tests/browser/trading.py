"""What the pages of trading show: a paper account, a bot that has traded, decisions, an open position."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from billing.invoices import services as invoices
from billing.payments import services as payments
from billing.payments.models import PaymentGatewayConfig
from shared_apps.access.actors import load_actor
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.money import Money
from shared_apps.tenants.demo import DemoPerson
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.bots import services as bots
from tenant_apps.bots.models import Decision
from tenant_apps.todos import services as todos
from tenant_apps.trading import services as trading
from tenant_apps.trading_accounts import services as accounts
from tenant_apps.wallet import demo as wallet_demo
from tenant_apps.wallet.models import Withdrawal
from tests.invoices.selling import ANNA, french_seller, sell
from tests.reports.books import four_months
from tests.support.trading import SYMBOL, Market, run_outbox

WALK = (
    10_000,
    10_000,
    10_050,
    10_180,
    10_300,
    10_420,
    10_390,
    10_240,
    10_060,
    9_900,
    9_870,
    9_960,
    10_110,
    10_260,
)


@contextmanager
def in_one_transaction() -> Iterator[None]:
    """Commands open their own transactions; what tests write beside them needs one too, and an actor."""
    atomic = transaction.atomic()
    atomic._from_testcase = True  # durable commands may nest in it, as in Django's own test cases
    with audit_context(actor_label="test"), atomic:
        yield


@dataclass
class Traded:
    """What was made; ``close`` lets the market go on and the bot decide."""

    tenant: Tenant
    market: Market
    account_id: UUID
    bot_id: UUID
    idle_bot_id: UUID
    member_id: UUID
    withdrawal_id: UUID
    invoice_id: UUID | None = None
    payment_id: UUID | None = None

    def close(self, *closes: int) -> None:
        """Close bars, each met by the tenant's orders and bots."""
        for close in closes:
            with in_one_transaction():
                self.market.close(close)
            with tenant_context(self.tenant), audit_context(actor_label="test"):
                trading.meet_market(symbol=SYMBOL, interval="1m")
            run_outbox(self.tenant.schema_name)

    def decision_id(self, verdict: str) -> UUID:
        """The latest decision with that verdict."""
        with tenant_context(self.tenant):
            return Decision.objects.filter(verdict=verdict).values_list("pk", flat=True)[0]


def seed_wallet(tenant: Tenant) -> UUID:
    """Acme's members have the demo's money; the number of the withdrawal that waits."""
    with platform_context():
        people = [
            DemoPerson(user, user.email.partition("@")[0], ())
            for user in User.objects.filter(email__endswith=f"@{tenant.slug}.example.com")
        ]
    wallet_demo.seed(tenant, people)
    return Withdrawal.objects.get(key=wallet_demo.KEY).pk


def make_trading() -> Traded:
    """Acme's trader trades; everything is committed."""
    with in_one_transaction(), platform_context():
        tenant = Tenant.objects.get(slug="acme")
        user = User.objects.get(email="trader@acme.example.com")
        market = Market()
        market.close(*([10_000, 10_010, 9_990] * 12))
    with audit_context(actor_id=user.pk, actor_email=user.email), tenant_context(tenant):
        trader = load_actor(user, tenant, fresh=True)
        account = accounts.create_account(
            actor=trader,
            venue="paper",
            name="Paper one",
            currency="EUR",
            settings={"paper": {"slippage": "0"}},
        )
        accounts.connect_account(actor=trader, trading_account_id=account.pk)
        params = {"fast": 2, "slow": 4, "quantity": "1.5"}
        common = {
            "trading_account_id": account.pk,
            "symbol": SYMBOL,
            "interval": "1m",
            "strategy": "sma_cross",
        }
        bot = bots.create_bot(actor=trader, name="Crosser", params=params, **common)
        idle = bots.create_bot(actor=trader, name="Waiting", params=params | {"slow": 30}, **common)
        bots.start_bot(actor=trader, bot_id=bot.pk)
        todos.create_todo(actor=trader, title="Read the audit log")
        withdrawal_id = seed_wallet(tenant)
        traded = Traded(tenant, market, account.pk, bot.pk, idle.pk, trader.member_id, withdrawal_id)
    traded.close(*WALK)
    with audit_context(actor_id=user.pk, actor_email=user.email), tenant_context(tenant):
        trading.place_order(
            actor=trader, trading_account_id=account.pk, symbol=SYMBOL, side="buy", quantity=Decimal(2)
        )
    run_outbox(tenant.schema_name)
    traded.close(10_280)
    traded.invoice_id = _invoice(tenant, user)
    with in_one_transaction(), platform_context():
        four_months(tenant)
    traded.payment_id = _payment(tenant, user)
    return traded


def _invoice(tenant: Tenant, user: User) -> UUID:
    """What the trader bought, and part of it taken back."""
    with in_one_transaction(), tenant_context(tenant), french_seller():
        invoice = sell(tenant, buyer=replace(ANNA, user_id=user.pk))
        invoices.credit(
            seller=tenant, invoice_id=invoice.pk, minor_units=1000, reason="A week without service", key="c"
        )
    return invoice.pk


def _payment(tenant: Tenant, user: User) -> UUID:
    """A bank transfer of the trader's that waits for the staff."""
    with in_one_transaction(), tenant_context(tenant):
        with platform_context():
            account = PaymentGatewayConfig.objects.filter(tenant=tenant, provider="manual").first()
        payment = payments.begin_payment(
            tenant=tenant,
            configuration_id=account.pk,
            purpose="order",
            reference="order:1",
            user_id=user.pk,
            money=Money(Decimal("42.00"), "EUR"),
            description="A card",
            return_url="/",
            key="order:1",
        )
    with audit_context(actor_label="test"):
        payments.start_payment(payment.pk)
    return payment.pk
