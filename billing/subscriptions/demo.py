"""The demo's catalogue: what the platform sells to organisations, and acme to its members. Idempotent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from shared_apps.core.context import platform_context
from shared_apps.tenants.demo import DemoPerson
from shared_apps.tenants.models import Tenant

from .models import Plan
from .services.catalogue import add_plan, put_price

_PRICES = list[tuple[str, str, str, int, int]]
#: Values of the plan, and its prices: amount, currency, interval, count, days of trial.
_PLATFORM: Final[list[tuple[dict[str, Any], _PRICES]]] = [
    (
        {"name": "Starter", "description": "A small club.", "seats": 25, "daily_time_minutes": 10_000},
        [("19.00", "EUR", "month", 1, 14), ("190.00", "EUR", "year", 1, 14)],
    ),
    (
        {"name": "Business", "description": "Many members and bots.", "seats": 500, "daily_data_mb": 20_000},
        [
            ("99.00", "EUR", "month", 1, 14),
            ("109.00", "USD", "month", 1, 14),
            ("990.00", "EUR", "year", 1, 14),
        ],
    ),
]
_ACME: Final[list[tuple[dict[str, Any], _PRICES]]] = [
    (
        {"name": "Trader", "description": "Accounts and orders.", "entitlements": ["connect", "trade"]},
        [("19.00", "EUR", "day", 35, 0)],
    ),
    ({"name": "Trader with bots", "description": "Bots too."}, [("35.00", "EUR", "day", 35, 0)]),
]


def seed_platform() -> None:
    """What the platform sells."""
    _seed(None, _PLATFORM)


def seed_tenant(tenant: Tenant, _people: list[DemoPerson]) -> None:
    """What acme sells; globex sells nothing."""
    if tenant.slug == "acme":
        _seed(tenant, _ACME)


def _seed(owner: Tenant | None, plans: list[tuple[dict[str, Any], _PRICES]]) -> None:
    with platform_context(), transaction.atomic():
        mine = Plan.objects.filter(owner=owner) if owner else Plan.objects.filter(owner__isnull=True)
        if mine.exists():
            return
        for values, prices in plans:
            plan = add_plan(owner, values)
            for amount, currency, interval, count, days in prices:
                put_price(
                    plan, amount=Decimal(amount), currency=currency, interval=interval,
                    interval_count=count, trial_period_days=days,
                )  # fmt: skip
