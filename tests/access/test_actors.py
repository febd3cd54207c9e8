"""From a user and a host to an actor, cached for a short while."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction

from shared_apps.access import actors
from shared_apps.access.actors import Actor, forget_actor, load_actor
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import Role, User
from tenant_apps.members.models import Member

Person = Callable[[str], User]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    actors.forget_all_actors()


@pytest.mark.req("C3")
def test_on_the_platform_the_role_counts(person: Person) -> None:
    actor = load_actor(person("superadmin"), None)
    assert (actor.platform_role, actor.on_platform, actor.member_id) == ("superadmin", True, None)
    assert actor.name == "Superadmin Platform"
    assert actor.email == "superadmin@example.com"


@pytest.mark.req("C3", "F21")
def test_in_a_tenant_the_member_counts(acme: Tenant, globex: Tenant, person: Person) -> None:
    trader = person("trader@acme")
    actor = load_actor(trader, acme)
    assert actor.capabilities == {"trader"}
    assert actor.platform_role == ""
    assert actor.tenant_schema == acme.schema_name
    assert load_actor(trader, globex) == Actor.anonymous(globex.schema_name)
    assert load_actor(person("superadmin"), acme) == Actor.anonymous(acme.schema_name)


@pytest.mark.parametrize("gone", ["user", "membership", "member"])
def test_any_of_three_switches_shuts_out(acme: Tenant, person: Person, gone: str) -> None:
    trader = person("trader@acme")
    with transaction.atomic():
        if gone == "user":
            User.objects.filter(pk=trader.pk).update(is_active=False)
        elif gone == "membership":
            Membership.objects.filter(user=trader).update(is_active=False)
        else:
            with tenant_context(acme):
                Member.objects.filter(user_id=trader.pk).update(is_active=False)
    assert not load_actor(trader, acme).is_authenticated
    if gone == "user":
        assert not load_actor(trader, None).is_authenticated


def test_cached_for_a_while_fresh_on_demand(
    acme: Tenant, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    trader = person("trader@acme")
    now = [1000.0]
    monkeypatch.setattr(actors.time, "monotonic", lambda: now[0])
    assert load_actor(trader, acme).capabilities == {"trader"}
    with tenant_context(acme), transaction.atomic():
        Member.objects.filter(user_id=trader.pk).update(capabilities=["buyer"])
    now[0] += actors.CACHE_SECONDS - 1
    assert load_actor(trader, acme).capabilities == {"trader"}
    assert load_actor(trader, acme, fresh=True).capabilities == {"buyer"}
    with tenant_context(acme), transaction.atomic():
        Member.objects.filter(user_id=trader.pk).update(capabilities=["seller"])
    now[0] += actors.CACHE_SECONDS + 1
    assert load_actor(trader, acme).capabilities == {"seller"}


def test_forgotten_now_and_once_more_after_the_commit(
    acme: Tenant, person: Person, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    buyer = person("buyer@acme")
    load_actor(buyer, acme)
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        forget_actor(buyer.pk, acme.schema_name)
        assert (acme.schema_name, buyer.pk) not in actors._cache
        load_actor(buyer, acme)  # somebody reads between the change and its commit
    assert (acme.schema_name, buyer.pk) not in actors._cache


def test_roles_changed_on_the_platform_are_read_anew(person: Person) -> None:
    admin = person("admin")
    assert load_actor(admin, None).platform_role == "admin"
    with transaction.atomic(), platform_context():
        User.objects.filter(pk=admin.pk).update(role=Role.SUBSCRIBER)
    forget_actor(admin.pk)
    assert load_actor(admin, None).platform_role == "subscriber"


def test_an_unsaved_user_is_nobody(db: None) -> None:
    assert load_actor(User(username="x"), None) == Actor.anonymous()
