"""Rotation of refresh tokens: each good once, reuse ends the family, a repeated request does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import Session, User
from shared_apps.users.tokens import hash_of
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("F20", "S3-110")


def later(seconds: int) -> None:
    """Let the grace of the last rotation pass."""
    Session.objects.update(rotated_at=timezone.now() - timedelta(seconds=seconds))


def reasons() -> list[str]:
    return list(Session.objects.values_list("revoked_reason", flat=True))


@pytest.mark.req("S3-28", "C2")
def test_a_refresh_token_gives_a_new_pair_in_both_spellings(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    first = door.refresh
    answer = door.renew()
    body = answer.json()
    assert answer.status_code == 200
    assert body["access_token"] == body["access"] and body["refresh_token"] == body["refresh"] != first
    assert door.get("auth/user/").status_code == 200


def test_only_hashes_are_stored(acme: Tenant, api: MakeApi) -> None:
    import jwt

    door = api("acme", "trader")
    jti = jwt.decode(door.refresh, options={"verify_signature": False})["jti"]
    session = Session.objects.get()
    assert session.refresh_hash == hash_of(jti) != jti
    door.renew()
    session.refresh_from_db()
    assert session.previous_refresh_hash == hash_of(jti) != session.refresh_hash


def test_reuse_ends_the_family_at_once(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    stolen = door.refresh
    door.renew()
    later(11)
    answer = door.renew(stolen)
    assert answer.status_code == 401 and answer.json()["code"] == "auth.refresh_not_valid"
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert reasons() == ["refresh_reused"]
    assert door.renew(door.refresh).status_code == 401
    assert door.get("auth/user/").status_code == 401


def test_an_older_token_ends_the_family_within_the_grace_too(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    oldest = door.refresh
    door.renew()
    door.renew()
    assert door.renew(oldest).status_code == 401
    assert reasons() == ["refresh_reused"]


def test_a_repeated_request_gets_the_same_token_and_no_second_family(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    spent = door.refresh
    first = door.renew(spent).json()
    again = door.renew(spent).json()
    assert again["refresh"] == first["refresh"]
    assert Session.objects.count() == 1
    assert door.renew(first["refresh"]).status_code == 200


@pytest.mark.parametrize("headers", [{"user-agent": "thief/1.0"}])
def test_the_grace_is_for_the_same_client(acme: Tenant, api: MakeApi, headers: dict[str, str]) -> None:
    door = api("acme", "trader")
    spent = door.refresh
    door.renew()
    assert door.renew(spent, **headers).status_code == 401
    assert reasons() == ["refresh_reused"]


def test_a_thief_who_renews_first_is_found_out(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    stolen = door.refresh
    thief = door.renew(stolen, **{"user-agent": "thief/1.0"})
    assert thief.status_code == 200
    assert door.renew(stolen).status_code == 401
    assert door.renew(thief.json()["refresh"], **{"user-agent": "thief/1.0"}).status_code == 401


@pytest.mark.parametrize("what", ["user", "membership", "session", "expired"])
def test_who_may_not_come_in_any_more_gets_nothing(
    acme: Tenant, api: MakeApi, person: Callable[[str], User], what: str
) -> None:
    door = api("acme", "trader")
    trader = person("trader@acme")
    if what == "user":
        User.objects.filter(pk=trader.pk).update(is_active=False)
    elif what == "membership":
        Membership.objects.filter(user=trader, tenant=acme).update(is_active=False)
    elif what == "session":
        Session.objects.update(revoked_at=timezone.now())
    else:
        Session.objects.update(expires_at=timezone.now())
    before = Session.objects.values_list("refresh_hash", flat=True).get()
    assert door.renew().status_code == 401
    assert Session.objects.values_list("refresh_hash", flat=True).get() == before


def test_a_family_ends_thirty_days_after_its_log_in(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    born = timezone.now() - django_settings.JWT_FAMILY_LIFETIME + timedelta(hours=1)
    Session.objects.update(created_at=born)
    door.renew()
    assert Session.objects.get().expires_at == born + django_settings.JWT_FAMILY_LIFETIME


@pytest.mark.parametrize("body", [{}, {"refresh": ""}, {"refresh": "x"}, {"refresh": "a.b.c"}])
def test_nonsense_is_401(acme: Tenant, api: MakeApi, body: dict[str, str]) -> None:
    answer = api("acme").post("auth/token/refresh/", body)
    assert answer.status_code == 401 and "refresh" in answer.json()["details"]


@pytest.mark.req("C2")
def test_the_cookie_renews_too_with_the_csrf_token(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader", enforce_csrf_checks=True)
    kept = door.client.cookies["refresh_token"]
    assert (kept["httponly"], kept["samesite"], kept["domain"], kept["path"]) == (True, "Strict", "", "/")
    refused = door.post("auth/token/refresh/", authorization="")
    assert refused.status_code == 403
    token = door.client.cookies["csrftoken"].value
    answer = door.post("auth/token/refresh/", authorization="", **{"x-csrftoken": token})
    assert answer.status_code == 200
    assert door.client.cookies["refresh_token"].value == answer.json()["refresh"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_one_successor(api: MakeApi) -> None:
    door = api("acme", "trader")
    spent, answers, start = door.refresh, [], threading.Barrier(4)

    def renew() -> None:
        start.wait()
        try:
            answers.append(api("acme").renew(spent))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=renew) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.json()["refresh"] for answer in answers}) == 1
    with platform_context():
        assert Session.objects.count() == 1 and reasons() == [""]
