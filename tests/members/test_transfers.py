"""Ownership changes hands when both want it, and not otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from shared_apps.access.actors import Actor
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import DomainError
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Role, User
from tenant_apps.members import services
from tenant_apps.members.models import Member, OwnershipTransfer
from tests.support.pages import visitor
from tests.support.people import signed_in

TRANSFERS = "/api/v1/ownership-transfers/"
pytestmark = pytest.mark.req("F28")


@pytest.fixture
def roles(in_acme: Tenant) -> Callable[[], dict[str, list[str]]]:
    """Capabilities by the name before the @."""
    return lambda: {
        email.partition("@")[0]: capabilities
        for email, capabilities in Member.objects.values_list("email", "capabilities")
    }


def test_both_confirm(acme: Tenant, api: Any, letters: Any, member: Any, roles: Any, person: Any) -> None:
    before = roles()
    with platform_context():
        User.objects.filter(email="owner@acme.example.com").update(role=Role.TENANT_OWNER, tenant=acme)
    trader = member("trader")
    made = api("owner", "POST", TRANSFERS, {"member": str(trader.pk)})
    assert made.status_code == 201, made.content
    assert roles() == before, "a proposal changes nothing"
    (letter,) = letters()
    assert letter.to == [trader.email] and "/ownership/" in letter.body
    address = f"{TRANSFERS}{made.json()['id']}/"
    assert api("buyer", "POST", f"{address}accept/").status_code == 404
    assert api("owner", "POST", f"{address}accept/").status_code == 403, "not by the one who gives"
    assert roles() == before
    assert api("trader", "POST", f"{address}accept/").json()["state"] == "accepted"
    after = roles()
    assert (after["owner"], after["trader"]) == (["tenant_admin"], ["owner", "trader"])
    with platform_context():
        people = dict(User.objects.filter(email__endswith="acme.example.com").values_list("email", "role"))
    assert people["owner@acme.example.com"] == "subscriber"
    assert people["trader@acme.example.com"] == "tenant_owner"
    assert api("owner", "POST", TRANSFERS, {"member": str(trader.pk)}).status_code == 403
    again = api("trader", "POST", f"{address}accept/")
    assert (again.status_code, again.json()["code"]) == (409, "transfer.closed")


@pytest.mark.parametrize(("who", "what"), [("trader", "decline"), ("owner", "withdraw")])
def test_it_can_be_declined_and_withdrawn(api: Any, member: Any, roles: Any, who: str, what: str) -> None:
    before = roles()
    made = api("owner", "POST", TRANSFERS, {"member": str(member("trader").pk)}).json()
    address = f"{TRANSFERS}{made['id']}/"
    assert api("owner", "POST", TRANSFERS, {"member": str(member("buyer").pk)}).status_code == 409
    assert api(who, "POST", f"{address}{what}/").status_code == 200
    assert api("trader", "POST", f"{address}accept/").status_code == 409
    assert roles() == before
    assert api("owner", "POST", TRANSFERS, {"member": str(member("buyer").pk)}).status_code == 201


def test_it_expires(api: Any, member: Any, roles: Any, in_acme: Tenant) -> None:
    before = roles()
    made = api("owner", "POST", TRANSFERS, {"member": str(member("trader").pk)}).json()
    with transaction.atomic():
        OwnershipTransfer.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert api("trader", "POST", f"{TRANSFERS}{made['id']}/accept/").status_code == 409
    assert roles() == before
    assert api("owner", "POST", TRANSFERS, {"member": str(member("trader").pk)}).status_code == 201
    assert api("owner", "GET", TRANSFERS).json()["results"][1]["state"] == "withdrawn"


def test_who_is_no_owner_any_more_gives_nothing(api: Any, member: Any, roles: Any, in_acme: Tenant) -> None:
    with transaction.atomic():
        Member.objects.filter(pk=member("staff").pk).update(capabilities=["owner"])
    made = api("owner", "POST", TRANSFERS, {"member": str(member("trader").pk)}).json()
    with transaction.atomic():
        Member.objects.filter(pk=member("owner").pk).update(capabilities=["trader"])
    assert api("trader", "POST", f"{TRANSFERS}{made['id']}/accept/").status_code == 409
    assert roles()["trader"] == ["trader"]


def test_what_cannot_be_proposed(api: Any, member: Any, in_acme: Tenant) -> None:
    assert api("owner", "POST", TRANSFERS, {"member": str(member("owner").pk)}).status_code == 400
    assert api("staff", "POST", TRANSFERS, {"member": str(member("staff").pk)}).status_code == 403
    with transaction.atomic():
        Member.objects.filter(pk=member("buyer").pk).update(is_active=False)
    assert api("owner", "POST", TRANSFERS, {"member": str(member("buyer").pk)}).status_code == 404
    assert not OwnershipTransfer.objects.exists()


def test_by_the_page(acme: Tenant, member: Any, roles: Any) -> None:
    owner, trader = visitor("acme", "owner"), visitor("acme", "trader")
    assert owner.post("/ownership/", {"member": member("trader").pk}).status_code == 302
    page = trader.get("/ownership/").content.decode()
    assert "Become the owner?" in page
    transfer = OwnershipTransfer.objects.get()
    assert b"Become the owner?" not in visitor("acme", "buyer").get("/ownership/").content
    trader.get(f"/ownership/{transfer.pk}/accept/")
    assert roles()["trader"] == ["trader"], "a visit decides nothing"
    assert trader.post(f"/ownership/{transfer.pk}/accept/").status_code == 302
    assert roles()["trader"] == ["owner", "trader"]


@pytest.mark.django_db(transaction=True)
def test_accepting_and_demoting_at_once_leave_an_owner(person: Callable[[str], User]) -> None:
    """The trader accepts while another owner takes the giver's ownership: one of the two is too late."""
    acme = Tenant.objects.get(slug="acme")
    owner, staff, trader = (person(f"{name}@acme") for name in ("owner", "staff", "trader"))
    with tenant_context(acme), transaction.atomic():
        Member.objects.filter(user_id=staff.pk).update(capabilities=["owner"])
        ids = dict(Member.objects.values_list("user_id", "pk"))
    actors: dict[int, Actor] = {user.pk: signed_in(user, acme) for user in (owner, staff, trader)}
    with tenant_context(acme):
        transfer = services.propose_transfer(
            actor=actors[owner.pk], member_id=ids[trader.pk], origin="http://acme.localhost"
        )
    barrier, outcomes = threading.Barrier(2), []

    def run(act: Callable[[], object]) -> None:
        try:
            with tenant_context(acme), audit_context(actor_label="test"):
                barrier.wait()
                act()
            outcomes.append("done")
        except DomainError as refused:
            outcomes.append(refused.code)
        finally:
            connection.close()

    acts: list[Callable[[], object]] = [
        lambda: services.accept_transfer(actor=actors[trader.pk], transfer_id=transfer.pk),
        lambda: services.change_capabilities(
            actor=actors[staff.pk], member_id=ids[owner.pk], capabilities=["buyer"]
        ),
    ]
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(outcomes) == 2 and "done" in outcomes
    with tenant_context(acme):
        found = dict(Member.objects.values_list("user_id", "capabilities"))
    assert "owner" in found[staff.pk], "there is always an owner"
    assert ("owner" in found[trader.pk]) == ("transfer.closed" not in outcomes)
