"""Listing and ending sessions; a session that ended opens no door."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from shared_apps.access.actors import Actor
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users import principals
from shared_apps.users.models import Session, User
from shared_apps.users.services.sessions import purge_ended
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("F23", "C1")


def live() -> int:
    return Session.objects.filter(revoked_at=None).count()


def test_the_list_shows_ones_own_sessions_here(acme: Tenant, api: MakeApi) -> None:
    api(None, "superadmin")
    api("acme", "buyer")
    api("acme", "trader")
    door = api("acme", "trader")
    rows = door.get("auth/sessions/").json()
    assert rows["count"] == 2
    assert [row["current"] for row in rows["results"]] == [True, False]
    assert set(rows["results"][0]) == {
        "id", "kind", "tenant_name", "user_agent", "remote_addr", "created_at", "last_seen_at", "expires_at",
        "current", "device_name", "device_label", "has_push_token",
    }  # fmt: skip


def test_the_platform_lists_the_sessions_of_all_hosts(acme: Tenant, api: MakeApi) -> None:
    api("acme", "trader")
    door = api(None)
    door.log_in("trader@acme.example.com")
    names = [row["tenant_name"] for row in door.get("auth/sessions/").json()["results"]]
    assert names == [None, acme.name]


def test_a_tenants_host_shows_and_ends_nothing_of_another(acme: Tenant, globex: Tenant, api: MakeApi,
                                                          person: Callable[[str], User]) -> None:  # fmt: skip
    Membership.objects.create(user=person("trader@acme"), tenant=globex)
    from shared_apps.core.context import tenant_context
    from tenant_apps.members.services import add_member

    with tenant_context(globex):
        add_member(actor=Actor.system("test", globex.schema_name), user=person("trader@acme"))
    at_globex = api("globex")
    at_globex.log_in("trader@acme.example.com")
    at_acme = api("acme", "trader")
    assert at_acme.get("auth/sessions/").json()["count"] == 1
    foreign = Session.objects.get(tenant=globex)
    assert at_acme.delete(f"auth/sessions/{foreign.pk}/").status_code == 404
    assert at_acme.delete("auth/sessions/").json() == {"ended": 1}
    foreign.refresh_from_db()
    assert foreign.revoked_at is None
    assert at_globex.get("auth/user/").status_code == 200


def test_ending_one_closes_its_door_at_once(acme: Tenant, api: MakeApi) -> None:
    lost, mine = api("acme", "trader"), api("acme", "trader")
    assert lost.get("auth/user/").status_code == 200
    row = next(row for row in mine.get("auth/sessions/").json()["results"] if not row["current"])
    assert mine.delete(f"auth/sessions/{row['id']}/").status_code == 204
    refused = lost.get("auth/user/")
    assert refused.status_code == 401 and refused.json()["code"] == "session_ended"
    assert lost.renew().status_code == 401
    assert mine.get("auth/user/").status_code == 200


@pytest.mark.parametrize("whose", ["another", "nobody"])
def test_one_ends_only_ones_own(acme: Tenant, api: MakeApi, whose: str) -> None:
    api("acme", "buyer")
    door = api("acme", "trader")
    victim = Session.objects.exclude(user__email="trader@acme.example.com").get().pk
    answer = door.delete(f"auth/sessions/{victim if whose == 'another' else uuid4()}/")
    assert answer.status_code == 404 and live() == 2


def test_ending_all_can_spare_the_one_in_use(acme: Tenant, api: MakeApi) -> None:
    others = [api("acme", "trader") for _ in range(2)]
    door = api("acme", "trader")
    assert door.delete("auth/sessions/?keep_current=true").json() == {"ended": 2}
    assert [other.get("auth/user/").status_code for other in others] == [401, 401]
    assert door.get("auth/user/").status_code == 200
    assert door.delete("auth/sessions/").json() == {"ended": 1}
    assert door.get("auth/user/").status_code == 401


@pytest.mark.req("F19")
def test_logging_out_ends_the_session(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    answer = door.post("auth/logout/")
    assert answer.status_code == 200 and answer.cookies["refresh_token"].value == ""
    assert door.get("auth/user/").status_code == 401
    assert door.renew().status_code == 401
    assert Session.objects.get().revoked_reason == "logged_out"


def test_logging_out_by_the_refresh_token_alone(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    assert door.post("auth/logout/", {"refresh": door.refresh}, authorization="").status_code == 200
    assert live() == 0


def test_logging_out_without_anything_is_no_error(acme: Tenant, api: MakeApi) -> None:
    api("acme", "trader")
    for body in ({}, {"refresh": "x"}):
        assert api("acme").post("auth/logout/", body).status_code == 200
    assert live() == 1


@pytest.mark.parametrize("change", ["user", "membership", "member", "session"])
def test_access_tokens_die_with_what_they_stand_on(
    acme: Tenant, api: MakeApi, person: Callable[[str], User], change: str
) -> None:
    from shared_apps.core.context import tenant_context
    from tenant_apps.members.models import Member

    door = api("acme", "trader")
    assert door.get("auth/user/").status_code == 200
    trader = person("trader@acme")
    if change == "user":
        User.objects.filter(pk=trader.pk).update(is_active=False)
    elif change == "membership":
        Membership.objects.filter(user=trader, tenant=acme).update(is_active=False)
    elif change == "member":
        with tenant_context(acme):
            Member.objects.filter(user_id=trader.pk).update(is_active=False)
    else:
        Session.objects.update(revoked_at=timezone.now())
    _thirty_seconds_pass()
    assert door.get("auth/user/").status_code == 401


def _thirty_seconds_pass() -> None:
    from shared_apps.access.actors import forget_all_actors

    principals.forget_everybody()
    forget_all_actors()


def test_nothing_is_remembered_longer_than_thirty_seconds(
    acme: Tenant, api: MakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    from shared_apps.access import actors

    door = api("acme", "trader")
    assert door.get("auth/user/").status_code == 200
    Session.objects.update(revoked_at=timezone.now())
    assert door.get("auth/user/").status_code == 200  # remembered in this process
    real = time.monotonic
    for module in (principals, actors):
        monkeypatch.setattr(module.time, "monotonic", lambda: real() + 30.1)
    assert door.get("auth/user/").status_code == 401


def test_last_seen_is_kept_to_ten_minutes(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    past = timezone.now() - timedelta(minutes=11)
    Session.objects.update(last_seen_at=past)
    _thirty_seconds_pass()
    door.get("auth/user/")
    assert Session.objects.get().last_seen_at > past


def test_ended_sessions_are_cleared_after_a_month(acme: Tenant, api: MakeApi) -> None:
    api("acme", "trader")
    api("acme", "trader")
    old = Session.objects.first()
    assert old is not None
    Session.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=31))
    assert purge_ended(before=timezone.now() - timedelta(days=30)) == 1
    assert not Session.objects.filter(pk=old.pk).exists() and Session.objects.count() == 1
