"""Subscriptions paid from wallets."""

from __future__ import annotations

import pytest
from celery import current_app
from django.db import transaction

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.ledger import codes
from shared_apps.ledger import queries as ledger_queries
from tenant_apps.wallet import collecting
from tests.subscriptions.shop import Shop, shop
from tests.support.outbox import run_pending
from tests.wallet.conftest import available, fund

__all__ = ["shop"]
pytestmark = pytest.mark.django_db


def collect(shop: Shop) -> bool:
    """What billing does when a charge is due."""
    charge = shop.open_charge()
    assert charge is not None
    with platform_context(), transaction.atomic():
        contract = (
            type(charge.subscription).objects.select_related("info__tenant").get(pk=charge.subscription_id)
        )
        taken = collecting.Wallet().collect(contract, charge)
    with tenant_context(shop.tenant):
        run_pending(shop.tenant.schema_name)
    return taken


@pytest.mark.req("S0-6", "C10")
def test_what_is_there_is_taken_once(shop: Shop) -> None:
    current_app.loader.import_default_modules()
    with tenant_context(shop.tenant):
        fund("trader", "40.00")
    shop.connect()
    charge = shop.choose("Basic", method="wallet")
    assert charge is not None and collect(shop)
    assert shop.contract().status == "paying"
    with tenant_context(shop.tenant):
        assert available("trader") == "5.00"
        assert ledger_queries.balance(codes.REVENUE_PLANS, "EUR").balance == 3500
        collecting.collect_charge(charge_id=charge.pk)
        assert available("trader") == "5.00" and ledger_queries.recompute() == []


def test_too_little_asks_the_person(shop: Shop) -> None:
    current_app.loader.import_default_modules()
    with tenant_context(shop.tenant):
        fund("trader", "34.99")
    shop.connect()
    charge = shop.choose("Basic", method="wallet")
    assert charge is not None and not collect(shop)
    with tenant_context(shop.tenant):
        collecting.collect_charge(charge_id=charge.pk)  # the money went between looking and taking
        assert available("trader") == "34.99"
    still = shop.open_charge()
    assert still is not None and "Not enough money" in still.failure
