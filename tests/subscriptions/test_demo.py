"""The demo's catalogue."""

from __future__ import annotations

import pytest

from billing.subscriptions import demo
from billing.subscriptions.models import Plan, PlanPricing
from shared_apps.tenants.models import Tenant


@pytest.mark.django_db
def test_the_demo_s_catalogue_is_made_once(acme: Tenant, globex: Tenant) -> None:
    for _time in range(2):
        demo.seed_platform()
        demo.seed_tenant(acme, [])
        demo.seed_tenant(globex, [])
    assert (Plan.objects.filter(owner__isnull=True).count(), Plan.objects.filter(owner=acme).count()) == (
        2,
        2,
    )
    assert not Plan.objects.filter(owner=globex).exists()
    assert PlanPricing.objects.filter(plan__owner=acme, interval="day", interval_count=35).count() == 2
