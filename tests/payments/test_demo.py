"""The demo's simulated accounts: made once, with the keys that the emulators know them by."""

from __future__ import annotations

import pytest

from billing.payments import demo, queries
from billing.payments.models import PaymentGatewayConfig
from billing.payments.services.gateways import connect_to
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from tests.support.simulators import Simulators

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.req("S0-14", "S1-14", "S2-24", "S2-26", "C9")
def test_the_demo_has_an_account_at_every_service(acme: Tenant, simulators: Simulators) -> None:
    assert not queries.is_on("paypal", acme.schema_name)  # not yet in operation, until somebody says so
    for _twice in (1, 2):
        with platform_context():
            demo.seed_platform()
        with tenant_context(acme):
            demo.seed_tenant(acme, [])
    with platform_context():
        rows = list(PaymentGatewayConfig.objects.filter(is_simulated=True))
    assert len(rows) == 2 * len(demo.ACCOUNTS)
    for row in rows:
        assert queries.is_on(row.provider, acme.schema_name)
        assert connect_to(row.pk).check()
