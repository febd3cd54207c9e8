"""The demo's money."""

from __future__ import annotations

import pytest

from shared_apps.core.context import platform_context
from shared_apps.tenants.demo import DemoPerson
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.wallet import demo
from tenant_apps.wallet.models import Deposit, Transfer, Withdrawal
from tests.wallet.conftest import available, held


@pytest.mark.req("S1-10", "S2-28")
def test_it_is_there_once(in_acme: Tenant) -> None:
    with platform_context():
        people = [
            DemoPerson(user, user.email.partition("@")[0], ())
            for user in User.objects.filter(email__endswith="@acme.example.com")
        ]
    for _again in range(2):
        demo.seed(in_acme, people)
    assert (available("trader"), held("trader"), available("buyer")) == ("415.00", 6000, "275.00")
    assert (Deposit.objects.count(), Transfer.objects.count(), Withdrawal.objects.count()) == (3, 1, 1)
    assert Withdrawal.objects.get().state == "waiting"
