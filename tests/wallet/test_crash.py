"""kill -9 of the worker that sends a withdrawal: between sending and capturing nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from billing.payments.models import Payout
from billing.payments.options import FLAGS
from billing.payments.providers.base import provider_type, register_provider
from billing.payments.services import gateways, send_payout
from shared_apps.core import options
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.ledger import queries as ledger_queries
from shared_apps.tenants.models import Tenant
from tenant_apps.wallet import services
from tenant_apps.wallet.models import PayoutDestination
from tests import servers
from tests.wallet.conftest import acts, available, eur, fund, held
from tests.wallet.remote_payouts import RemotePayouts, install

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(90)]


@pytest.fixture
def payout(tmp_path: Path) -> Iterator[tuple[Any, Any]]:
    """An approved withdrawal to PayPal that no worker has sent yet."""
    known = provider_type("paypal")
    with platform_context():
        tenant = Tenant.objects.get(slug="acme")
        with transaction.atomic():
            gateways.add_configuration(
                tenant=tenant, provider="paypal", name="PayPal", settings={}, secrets={},
                currencies=["EUR"], is_simulated=True,
            )  # fmt: skip
    with tenant_context(tenant), options.values({FLAGS["paypal"]: True}):
        fund("trader", "70.00")
        place = services.add_destination(
            actor=acts("trader"), kind="paypal", label="", address="ann@example.org"
        )
        with transaction.atomic():
            PayoutDestination.objects.update(usable_from=timezone.now())
        withdrawal = services.request_withdrawal(
            actor=acts("trader"), destination_id=place.pk, money=eur("60.00"), key="w"
        )
        withdrawal = services.approve_withdrawal(actor=acts("owner"), withdrawal_id=withdrawal.pk)
        yield withdrawal, tmp_path / "remote"
        assert ledger_queries.recompute() == []
    register_provider(known)


@pytest.mark.req("F45", "S1-16", "F44")
@pytest.mark.parametrize("moment", ["before", "sent", "settling"])
def test_killed_while_sending(payout: tuple[Any, Path], moment: str) -> None:
    withdrawal, memory = payout
    killed = subprocess.run(
        [sys.executable, "-m", "tests.wallet.remote_payouts", str(withdrawal.payout_id), str(memory), moment],
        cwd=servers.ROOT, env={**os.environ, **servers.environment(servers.DATABASE)}, check=False,
        capture_output=True,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
    withdrawal.refresh_from_db()
    assert (withdrawal.state, held("trader")) == ("sending", 6000), "an answer that is missing is no failure"
    remote = RemotePayouts(memory)
    assert len(remote.sent()) == (0 if moment == "before" else 1)
    install(remote)
    with platform_context(), transaction.atomic():  # the lease of who was killed runs out
        Payout.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    for _again in range(2):
        send_payout(withdrawal.payout_id)
    withdrawal.refresh_from_db()
    assert (withdrawal.state, available("trader"), held("trader")) == ("paid", "10.00", 0)
    assert len(remote.sent()) == 1, "the money was sent once"
