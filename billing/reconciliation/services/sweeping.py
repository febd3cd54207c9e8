"""The daily sweep: what a tenant owes the platform goes into both ledgers at once."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from billing.reconciliation.events import PlatformSettled
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.events import emit
from shared_apps.ledger import codes
from shared_apps.ledger import queries as ledger_queries
from shared_apps.ledger import services as ledger
from shared_apps.ledger.rules import Leg
from shared_apps.tenants.models import Tenant


@transaction.atomic(durable=True)
def sweep_tenant(*, tenant: Tenant, day: date) -> int:
    """Hand over what the tenant's ledger owes the platform, once a day and asset; how many were handed over.

    Both ledgers post in this transaction or neither: the tenant's from ``platform_payable`` to
    ``platform_settled``, the platform's the same amount against ``tenant:{uuid}``. What accrues after a
    day's sweep waits for the next.
    """
    swept = 0
    with tenant_context(tenant):
        owed = ledger_queries.balances(codes.PLATFORM_PAYABLE)
        for asset, balance in owed.items():
            key = f"platform:{day.isoformat()}:{asset}"
            if balance.balance == 0 or ledger_queries.find_posting(key) is not None:
                continue
            ledger.post(
                key=key,
                kind="platform_settlement",
                legs=[
                    Leg(codes.PLATFORM_PAYABLE, asset, -balance.balance),
                    Leg(codes.PLATFORM_SETTLED, asset, balance.balance),
                ],
            )
            with platform_context():
                ledger.post(
                    key=f"tenant:{tenant.uuid}:{day.isoformat()}:{asset}",
                    kind="tenant_settlement",
                    legs=[
                        Leg(codes.tenant(tenant.uuid), asset, -balance.balance),
                        Leg(codes.REVENUE_FEES, asset, balance.balance),
                    ],
                    reference=str(tenant.uuid),
                )
            emit(PlatformSettled(currency=asset, minor_units=balance.balance, key=key))
            swept += 1
    return swept
