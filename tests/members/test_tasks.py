"""A person's new name reaches the tenants they belong to."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import User
from tenant_apps.members import tasks
from tenant_apps.members.models import Member
from tests.support.api import Api


@pytest.mark.req("F37")
def test_a_new_name_reaches_every_tenant_of_the_person(
    acme: Tenant, globex: Tenant, person: Callable[[str], User]
) -> None:
    trader = person("trader@acme")
    Membership.objects.create(user=trader, tenant=globex)
    with tenant_context(globex):
        Member.objects.create(user_id=trader.pk, name="Tariq Trader", email=trader.email)
    door = Api("acme", trader.email)
    assert door.patch("auth/user/", {"first_name": "Tara"}).status_code == 200
    with platform_context():
        message = OutboxMessage.objects.get(task="members.copy_profile")
        tasks.copy_profile.run(**message.kwargs)
    for tenant in (acme, globex):
        with tenant_context(tenant):
            assert Member.objects.get(user_id=trader.pk).name == "Tara Trader"
            assert not Member.objects.exclude(user_id=trader.pk).filter(name="Tara Trader").exists()
