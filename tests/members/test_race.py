"""Two owners who take the other's ownership at the same moment: one of them stays."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction

from shared_apps.core.context import audit_context, tenant_context
from shared_apps.core.errors import DomainError
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members import services
from tenant_apps.members.models import Member
from tests.support.people import signed_in


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("how", [("demote", "demote"), ("shut out", "shut out"), ("demote", "shut out")])
def test_the_last_two_owners_cannot_remove_each_other(
    person: Callable[[str], User], how: tuple[str, str]
) -> None:
    acme = Tenant.objects.get(slug="acme")
    owner, staff = person("owner@acme"), person("staff@acme")
    with tenant_context(acme), transaction.atomic():
        Member.objects.filter(user_id=staff.pk).update(capabilities=["owner"])
        ids = dict(Member.objects.values_list("user_id", "pk"))
    actors = {user.pk: signed_in(user, acme) for user in (owner, staff)}
    barrier, outcomes = threading.Barrier(2), []

    def remove(by: User, whom: User, way: str) -> None:
        try:
            with tenant_context(acme), audit_context(actor_label="test"):
                barrier.wait()
                if way == "demote":
                    services.change_capabilities(
                        actor=actors[by.pk], member_id=ids[whom.pk], capabilities=["trader"]
                    )
                else:
                    services.deactivate_member(actor=actors[by.pk], member_id=ids[whom.pk])
            outcomes.append("changed")
        except DomainError as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    pairs = ((owner, staff, how[0]), (staff, owner, how[1]))
    threads = [threading.Thread(target=remove, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert sorted(outcomes) == ["changed", "member.last_owner"]
    with tenant_context(acme):
        assert Member.objects.filter(capabilities__contains=["owner"], is_active=True).count() == 1
