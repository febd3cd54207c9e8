"""``python -m bench.seed N``: N tenants ``bench-1`` …, one trader in all of them, 20 orders in each."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import django

ORDERS = 20
TRADER = "trader@bench.example.com"


def orders(account: object, count: int = ORDERS) -> list[object]:
    """Unsaved orders of an account, as a bot leaves them."""
    from tenant_apps.trading.models import Order

    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        Order(
            trading_account=account, symbol="ETH-BTC", side="buy" if number % 2 else "sell",
            order_type="market", time_in_force="gtc", quantity=Decimal("1.5"), filled_quantity=Decimal("1.5"),
            filled_cost=Decimal("0.0525"), average_price=Decimal("0.035"), expected_price=Decimal("0.0351"),
            status="filled", client_order_id=f"BENCH{number:08}", venue_order_id=f"paper-{number}",
            attempt=1, event_seq=4, created_at=start + timedelta(minutes=number),
            updated_at=start + timedelta(minutes=number, seconds=1),
        )
        for number in range(count)
    ]  # fmt: skip


def main(count: int) -> None:
    """Found the tenants and fill them."""
    from django.db import transaction

    from shared_apps.core.context import audit_context, platform_context, tenant_context
    from shared_apps.tenants import provisioning, services
    from shared_apps.tenants.models import Membership
    from shared_apps.users.models import User
    from tenant_apps.members.models import Member
    from tenant_apps.trading.models import Order
    from tenant_apps.trading_accounts.models import TradingAccount

    with audit_context(actor_label="bench.seed"):
        with platform_context(), transaction.atomic():
            trader = User.objects.create_user(TRADER, TRADER, None, first_name="Bench", last_name="Trader")
        for number in range(1, count + 1):
            provisioning.build_spares(1)
            tenant = services.create_tenant(name=f"Bench {number}", slug=f"bench-{number}")
            with transaction.atomic():
                with platform_context():
                    Membership.objects.create(user=trader, tenant=tenant)
                with tenant_context(tenant):
                    member = Member.objects.create(
                        user_id=trader.pk, name="Bench Trader", email=TRADER, capabilities=["trader"]
                    )
                    account = TradingAccount.objects.create(
                        member=member, venue="paper", name="Paper", mode="netting", currency="EUR",
                        status="connected", is_simulated=True,
                    )  # fmt: skip
                    Order.objects.bulk_create(orders(account))


if __name__ == "__main__":
    django.setup()
    main(int(sys.argv[1]))
