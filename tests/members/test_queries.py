"""Who sees whom, and who can see a single object."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from shared_apps.access import catalogue, objects
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import Permission, Relation
from shared_apps.core.errors import ForbiddenError, NotFoundError
from shared_apps.tenants.models import Tenant
from tenant_apps.members import queries
from tenant_apps.members.models import Member

ActorOf = Callable[[str], Actor]
MemberOf = Callable[[str], Member]


@pytest.mark.req("F31", "C14")
@pytest.mark.parametrize(
    ("key", "number"),
    [("owner", 7), ("staff", 7), ("auditor", 7), ("trader", 1), ("buyer", 1), ("seller", 1), ("verifier", 1)],
)
def test_leaders_and_auditors_see_all_others_themselves(actor_of: ActorOf, key: str, number: int) -> None:
    actor = actor_of(key)
    rows = list(queries.visible_members(actor))
    assert len(rows) == number
    assert actor.member_id in {row.pk for row in rows}


def test_nobody_sees_nobody(in_acme: Tenant) -> None:
    assert not queries.visible_members(Actor.anonymous(in_acme.schema_name)).exists()


@pytest.mark.req("C14")
def test_invisible_is_404_and_visible_but_out_of_reach_is_403(actor_of: ActorOf, member: MemberOf) -> None:
    trader = actor_of("trader")
    with pytest.raises(NotFoundError):
        queries.get_member(trader, member("buyer").pk, "members.change_capabilities")
    with pytest.raises(ForbiddenError):
        queries.get_member(trader, member("trader").pk, "members.change_capabilities")
    found = queries.get_member(actor_of("owner"), member("buyer").pk, "members.change_capabilities")
    assert found == member("buyer")


@pytest.fixture
def shareable(monkeypatch: pytest.MonkeyPatch) -> str:
    """A permission under which single members can be shared."""
    monkeypatch.setitem(
        catalogue._rows,
        "members.view_member",
        Permission(
            "members.view_member",
            "Read members",
            {"owner": Relation.TENANT, "tenant_auditor": Relation.TENANT, "member": Relation.OWN},
            model="members.Member",
        ),
    )
    return "members.view_member"


@pytest.mark.req("F31")
def test_a_shared_object_appears_in_the_list_and_goes_again(
    actor_of: ActorOf, member: MemberOf, shareable: str
) -> None:
    trader, buyer = actor_of("trader"), member("buyer")
    assert trader.user_id is not None
    with transaction.atomic():
        assert objects.share(
            actor=actor_of("owner"), permission=shareable, obj=buyer, recipient_user_id=trader.user_id
        )
        assert not objects.share(
            actor=actor_of("owner"), permission=shareable, obj=buyer, recipient_user_id=trader.user_id
        )
    assert {row.email for row in queries.visible_members(trader)} == {
        "trader@acme.example.com",
        "buyer@acme.example.com",
    }
    with pytest.raises(ForbiddenError):  # shared to be read, not to be changed
        queries.get_member(trader, buyer.pk, "members.change_capabilities")
    assert queries.visible_members(actor_of("seller")).count() == 1
    with transaction.atomic():
        assert objects.unshare(
            actor=actor_of("owner"), permission=shareable, obj=buyer, recipient_user_id=trader.user_id
        )
    assert queries.visible_members(trader).count() == 1


@pytest.mark.req("F31")
def test_who_can_see_an_object_and_why(actor_of: ActorOf, member: MemberOf, shareable: str) -> None:
    buyer = member("buyer")
    with transaction.atomic():
        objects.share(
            actor=actor_of("owner"),
            permission=shareable,
            obj=buyer,
            recipient_user_id=member("trader").user_id,
        )
    with CaptureQueriesContext(
        connection,
    ) as captured:
        found = queries.who_can(shareable, buyer, owner_user_ids=[buyer.user_id])
    assert {(each.name, each.why) for each in found} == {
        ("Olivia Owner", "owner"),
        ("Aude Auditor", "tenant_auditor"),
        ("Bea Buyer", "own"),
        ("Tariq Trader", "shared"),
    }
    selects = [query for query in captured.captured_queries if "members_" in query["sql"]]
    assert len(selects) <= 4  # the actor's own row among them
