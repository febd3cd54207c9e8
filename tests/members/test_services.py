"""Capabilities and activation: who may change whom, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from shared_apps.access.actors import Actor, load_actor
from shared_apps.core import events
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.events import ProfileChanged
from shared_apps.users.models import User
from tenant_apps.members import capabilities, services, tasks
from tenant_apps.members.events import ActivationChanged, MemberAdded, RoleChanged
from tenant_apps.members.models import Capability, Member
from tenant_apps.members.services import people

ActorOf = Callable[[str], Actor]
MemberOf = Callable[[str], Member]


def all_rows() -> list[tuple[Any, ...]]:
    return list(Member.objects.order_by("pk").values_list("email", "capabilities", "is_active"))


@pytest.mark.req("C3", "F30")
def test_demo_people_have_their_capabilities(in_acme: Tenant) -> None:
    found = dict(Member.objects.values_list("email", "capabilities"))
    assert found["owner@acme.example.com"] == ["owner"]
    assert found["seller@acme.example.com"] == ["seller", "buyer"]
    assert len(found) == 7


@pytest.mark.req("S4-55", "C3")
@pytest.mark.parametrize("leader", ["owner", "staff"])
def test_leaders_change_capabilities_and_say_so(
    actor_of: ActorOf, member: MemberOf, told: list[Any], leader: str
) -> None:
    before = member("buyer")
    after = services.change_capabilities(
        actor=actor_of(leader), member_id=before.pk, capabilities=["trader", "buyer", "trader"]
    )
    assert after.capabilities == member("buyer").capabilities == ["buyer", "trader"]
    assert told == [
        RoleChanged(member_id=before.pk, user_id=before.user_id, before=["buyer"], after=["buyer", "trader"])
    ]


def test_a_change_counts_at_once_in_this_process(
    actor_of: ActorOf, member: MemberOf, in_acme: Tenant, person: Callable[[str], User]
) -> None:
    buyer = person("buyer@acme")
    assert load_actor(buyer, in_acme).capabilities == {"buyer"}
    services.change_capabilities(
        actor=actor_of("owner"), member_id=member("buyer").pk, capabilities=["trader"]
    )
    assert load_actor(buyer, in_acme).capabilities == {"trader"}


def test_the_same_set_again_is_no_event(actor_of: ActorOf, member: MemberOf, told: list[Any]) -> None:
    services.change_capabilities(
        actor=actor_of("owner"), member_id=member("buyer").pk, capabilities=["buyer"]
    )
    assert told == []


@pytest.mark.parametrize("key", ["verifier", "seller", "buyer", "trader", "auditor"])
def test_others_may_not(actor_of: ActorOf, member: MemberOf, key: str) -> None:
    before = all_rows()
    with pytest.raises(ForbiddenError):
        services.change_capabilities(
            actor=actor_of(key), member_id=member(key).pk, capabilities=["tenant_admin"]
        )
    with pytest.raises(ForbiddenError):
        services.deactivate_member(actor=actor_of(key), member_id=member("buyer").pk)
    assert all_rows() == before


@pytest.mark.parametrize(
    ("target", "wanted"), [("buyer", ["owner"]), ("staff", ["owner", "tenant_admin"]), ("owner", ["trader"])]
)
def test_an_administrator_makes_and_changes_no_owner(
    actor_of: ActorOf, member: MemberOf, target: str, wanted: list[str]
) -> None:
    before = all_rows()
    with pytest.raises(ForbiddenError, match="Only an owner"):
        services.change_capabilities(
            actor=actor_of("staff"), member_id=member(target).pk, capabilities=wanted
        )
    with pytest.raises(ForbiddenError, match="Only an owner"):
        services.deactivate_member(actor=actor_of("staff"), member_id=member("owner").pk)
    assert all_rows() == before


def test_the_last_owner_stays(actor_of: ActorOf, member: MemberOf) -> None:
    before = all_rows()
    with pytest.raises(DomainError) as refused:
        services.change_capabilities(
            actor=actor_of("owner"), member_id=member("owner").pk, capabilities=["trader"]
        )
    assert refused.value.code == "member.last_owner"
    assert refused.value.field == "capabilities"
    assert all_rows() == before


def test_a_second_owner_lets_the_first_go(actor_of: ActorOf, member: MemberOf) -> None:
    services.change_capabilities(
        actor=actor_of("owner"), member_id=member("staff").pk, capabilities=["owner", "tenant_admin"]
    )
    services.change_capabilities(
        actor=actor_of("owner"), member_id=member("owner").pk, capabilities=["trader"]
    )
    assert member("owner").capabilities == ["trader"]
    with pytest.raises(DomainError) as refused:
        services.deactivate_member(actor=actor_of("staff"), member_id=member("staff").pk)
    assert refused.value.code == "member.last_owner"


def test_unknown_capability_and_unknown_member(actor_of: ActorOf, member: MemberOf) -> None:
    with pytest.raises(DomainError) as refused:
        services.change_capabilities(
            actor=actor_of("owner"), member_id=member("buyer").pk, capabilities=["king"]
        )
    assert (refused.value.code, refused.value.field) == ("member.unknown_capability", "capabilities")
    with pytest.raises(NotFoundError):
        services.change_capabilities(actor=actor_of("owner"), member_id=Member().pk, capabilities=["buyer"])


@pytest.mark.req("F30")
def test_a_capability_waits_for_its_prerequisites(
    actor_of: ActorOf, member: MemberOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capabilities, "_prerequisites", {})
    verified: set[str] = set()
    step = capabilities.MissingStep("kyc", "an examined identity", "/identity/")
    capabilities.register_prerequisite(
        "seller",
        capabilities.Prerequisite(
            "kyc", "An examined identity", lambda m: None if m.email in verified else step
        ),
    )
    buyer = member("buyer")
    with pytest.raises(DomainError, match="“Seller” needs first: an examined identity") as refused:
        services.change_capabilities(
            actor=actor_of("owner"), member_id=buyer.pk, capabilities=["buyer", "seller"]
        )
    assert refused.value.code == "member.prerequisite_missing"
    missing = [{"key": "kyc", "text": "an examined identity", "url": "/identity/"}]
    assert (refused.value.details["capability"], refused.value.details["missing"]) == ("seller", missing)
    assert member("buyer").capabilities == ["buyer"]
    verified.add(buyer.email)
    services.change_capabilities(
        actor=actor_of("owner"), member_id=buyer.pk, capabilities=["buyer", "seller"]
    )
    assert member("buyer").capabilities == ["seller", "buyer"]


@pytest.mark.req("F30", "C26")
def test_what_waits_comes_into_force_and_what_lapses_waits(
    actor_of: ActorOf, member: MemberOf, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capabilities, "_prerequisites", {})
    holding = False
    step = capabilities.MissingStep("kyc", "an examined identity")
    capabilities.register_prerequisite(
        "seller", capabilities.Prerequisite("kyc", "An identity", lambda m: None if holding else step)
    )
    with transaction.atomic():
        people.decide(member("buyer"), add=["seller"])

    def stands() -> tuple[list[str], list[str]]:
        return member("buyer").capabilities, member("buyer").waiting_capabilities

    assert stands() == (["buyer"], ["seller"])
    buyer = member("buyer")
    services.change_capabilities(
        actor=actor_of("owner"), member_id=buyer.pk, capabilities=["buyer", "seller"]
    )
    assert stands() == (["buyer"], ["seller"]), "what waits may be named again"
    holding = True
    services.settle_capabilities(user_id=buyer.user_id)
    assert stands() == (["seller", "buyer"], [])
    holding = False
    services.settle_capabilities(user_id=buyer.user_id)
    assert stands() == (["buyer"], ["seller"])
    assert [(event.before, event.after) for event in told if isinstance(event, RoleChanged)] == [
        (["buyer"], ["seller", "buyer"]),
        (["seller", "buyer"], ["buyer"]),
    ]
    services.change_capabilities(actor=actor_of("owner"), member_id=buyer.pk, capabilities=["buyer"])
    assert stands() == (["buyer"], []), "what is not named is taken"


@pytest.mark.req("F30")
def test_an_event_settles_the_person_everywhere(
    in_acme: Tenant, member: MemberOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capabilities, "_prerequisites", {})
    monkeypatch.setattr(events, "_SUBSCRIBERS", {})
    capabilities.register_prerequisite(
        "seller", capabilities.Prerequisite("x", "X", lambda m: None, told_by=(ProfileChanged,))
    )
    buyer = member("buyer")
    with transaction.atomic():
        Member.objects.filter(pk=buyer.pk).update(waiting_capabilities=["seller"])
        events.emit(ProfileChanged(user_id=buyer.user_id, display_name="", email=""))
    with platform_context():
        message = OutboxMessage.objects.get(task="members.settle_capabilities")
        tasks.settle_capabilities.run(**message.kwargs)
    assert member("buyer").capabilities == ["seller", "buyer"]


@pytest.mark.req("S4-55")
def test_deactivation_shuts_out_and_can_be_taken_back(
    actor_of: ActorOf, member: MemberOf, told: list[Any], in_acme: Tenant, person: Callable[[str], User]
) -> None:
    trader, user = member("trader"), person("trader@acme")
    assert load_actor(user, in_acme).is_authenticated
    services.deactivate_member(actor=actor_of("staff"), member_id=trader.pk)
    assert not load_actor(user, in_acme).is_authenticated
    with platform_context():
        assert not Membership.objects.get(user=user, tenant=in_acme).is_active
    assert ActivationChanged(member_id=trader.pk, user_id=user.pk, is_active=False) in told
    services.deactivate_member(actor=actor_of("staff"), member_id=trader.pk)  # again: nothing to do
    assert [type(event) for event in told].count(ActivationChanged) == 1
    services.reactivate_member(actor=actor_of("staff"), member_id=trader.pk)
    assert load_actor(user, in_acme).capabilities == {"trader"}
    with platform_context():
        assert Membership.objects.get(user=user, tenant=in_acme).is_active


def test_nobody_deactivates_themselves(actor_of: ActorOf, member: MemberOf) -> None:
    with pytest.raises(DomainError) as refused:
        services.deactivate_member(actor=actor_of("staff"), member_id=member("staff").pk)
    assert refused.value.code == "member.oneself"
    assert member("staff").is_active


def test_add_member_is_a_step_that_changes_no_existing_row(
    in_acme: Tenant, person: Callable[[str], User], told: list[Any]
) -> None:
    system = Actor.system("test", in_acme.schema_name)
    with platform_context():
        stranger = person("trader@globex")
    with transaction.atomic():
        added = services.add_member(actor=system, user=stranger)
        assert added.capabilities == []
        again = services.add_member(actor=system, user=stranger, capabilities=["owner"])
    assert again.pk == added.pk
    assert again.capabilities == []
    assert told == [MemberAdded(member_id=added.pk, user_id=stranger.pk, capabilities=[])]


def test_membership_counts_and_not_the_row_alone(in_acme: Tenant, person: Callable[[str], User]) -> None:
    with platform_context():
        stranger = person("trader@globex")
    with transaction.atomic():
        services.add_member(actor=Actor.system("test", in_acme.schema_name), user=stranger)
    assert not load_actor(stranger, in_acme, fresh=True).is_authenticated


@pytest.mark.req("F30")
def test_the_catalogue_describes_every_capability(db: None) -> None:
    entries = capabilities.catalogue()
    assert [entry.name for entry in entries] == Capability.values
    assert all(entry.label and entry.description for entry in entries)
    owner, admin = entries[0], entries[1]
    assert owner.granted_by == ["owner"]
    assert admin.granted_by == ["owner", "tenant_admin"]
    assert {"name": "members.change_capabilities", "relation": "tenant"}.items() <= {
        key: value
        for row in owner.permissions
        for key, value in row.items()
        if row["name"] == "members.change_capabilities"
    }.items()
