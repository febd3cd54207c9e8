"""People of the platform, as its staff manage them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shared_apps.core.events import Event, subscribe
from shared_apps.tenants.models import Tenant
from shared_apps.users.events import ActivationChanged, RoleChanged
from shared_apps.users.models import Session, User
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
Person = Callable[[str], User]
NEW = {"username": "nina", "email": "Nina@Example.com", "password": "quite-good-Passw0rd"}


@pytest.mark.req("S4-64", "S4-65", "S3-32")
def test_staff_create_people_with_hashed_passwords(acme: Tenant, api: MakeApi) -> None:
    answer = api(None, "admin").post("users/", {**NEW, "birth_date": "1990-01-02", "company": "N"})
    assert answer.status_code == 201
    body = answer.json()
    assert "password" not in body and body["birth_date"] == "1990-01-02" and body["role"] == "subscriber"
    user = User.objects.get(pk=body["id"])
    assert user.check_password(NEW["password"]) and user.email == "nina@example.com"
    assert NEW["password"] not in user.password


@pytest.mark.req("S4-64")
def test_the_fields_of_s4(acme: Tenant, api: MakeApi) -> None:
    row = api(None, "superadmin").get("users/?ordering=username").json()["results"][0]
    assert set(row) == {
        "id", "username", "email", "first_name", "last_name", "role", "tenant", "tenant_name", "is_active",
        "phone_number", "bio", "url", "company", "location", "birth_date", "date_joined", "last_login",
    }  # fmt: skip


def test_filters_and_a_constant_number_of_queries(acme: Tenant, api: MakeApi) -> None:
    door = api(None, "admin")
    assert door.get("users/?role=auditor").json()["count"] == 1
    assert door.get(f"users/?tenant={acme.pk}&page_size=3").json()["count"] == 7
    counts = []
    for size in (1, 3):
        with CaptureQueriesContext(connection) as queries:
            door.get(f"users/?page_size={size}")
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.req("S4-68", "S3-118", "F29")
@pytest.mark.parametrize("who", [None, "auditor", "owner@acme", "trader@acme"])
def test_others_change_nothing(acme: Tenant, api: MakeApi, person: Person, who: str | None) -> None:
    door, target = api(None), person("buyer@acme").pk
    if who:
        name, _, slug = who.partition("@")
        door.log_in(f"{name}@{slug}.example.com" if slug else f"{name}@example.com")
    denied = 401 if who is None else 403
    before = (User.objects.count(), User.objects.filter(pk=target).values().get())
    assert door.post("users/", NEW).status_code == denied
    assert door.patch(f"users/{target}/", {"role": "superadmin"}).status_code == denied
    assert door.get("users/").status_code == (200 if who == "auditor" else denied)
    assert door.delete(f"users/{target}/").status_code in (denied, 405)
    assert (User.objects.count(), User.objects.filter(pk=target).values().get()) == before


def test_nobody_lists_people_on_a_tenants_host(acme: Tenant, api: MakeApi) -> None:
    assert api("acme", "owner").get("users/").status_code == 404


@pytest.mark.req("S4-32")
def test_a_superadmin_changes_roles_and_it_is_told(acme: Tenant, api: MakeApi, person: Person) -> None:
    heard: list[Event] = []
    subscribe(RoleChanged, heard.append)
    subscribe(ActivationChanged, heard.append)
    target = person("buyer@acme").pk
    door = api(None, "superadmin")
    assert door.patch(f"users/{target}/", {"role": "admin"}).json()["role"] == "admin"
    assert User.objects.get(pk=target).is_staff
    assert door.patch(f"users/{target}/", {"is_active": False}).json()["is_active"] is False
    assert heard == [
        RoleChanged(user_id=target, before="subscriber", after="admin"),
        ActivationChanged(user_id=target, is_active=False),
    ]


@pytest.mark.parametrize("changes", [{"role": "admin"}, {"role": "superadmin"}])
def test_an_admin_gives_no_roles(acme: Tenant, api: MakeApi, person: Person, changes: dict[str, Any]) -> None:
    target, door = person("buyer@acme").pk, api(None, "admin")
    assert door.patch(f"users/{target}/", changes).status_code == 403
    assert User.objects.get(pk=target).role == "subscriber"
    assert door.post("users/", {**NEW, **changes}).status_code == 403
    assert not User.objects.filter(username="nina").exists()


@pytest.mark.parametrize("changes", [{"is_active": False}, {"password": "quite-good-Passw0rd"}, {"bio": "x"}])
def test_an_admin_does_not_touch_a_superadmin(
    acme: Tenant, api: MakeApi, person: Person, changes: dict[str, Any]
) -> None:
    target = person("superadmin").pk
    before = User.objects.filter(pk=target).values().get()
    assert api(None, "admin").patch(f"users/{target}/", changes).status_code == 403
    assert User.objects.filter(pk=target).values().get() == before


@pytest.mark.parametrize("changes", [{"role": "subscriber"}, {"is_active": False}])
def test_nobody_changes_their_own_role_or_activation(
    acme: Tenant, api: MakeApi, person: Person, changes: dict[str, Any]
) -> None:
    target = person("superadmin").pk
    assert api(None, "superadmin").patch(f"users/{target}/", changes).status_code == 403
    assert User.objects.get(pk=target).role == "superadmin" and User.objects.get(pk=target).is_active


def test_deactivation_closes_every_door(acme: Tenant, api: MakeApi, person: Person) -> None:
    victim = api("acme", "trader")
    assert victim.get("auth/user/").status_code == 200
    door = api(None, "admin")
    target = person("trader@acme").pk
    assert door.patch(f"users/{target}/", {"is_active": False}).status_code == 200
    assert victim.get("auth/user/").status_code == 401
    assert api("acme").log_in("trader@acme.example.com").status_code == 400
    assert Session.objects.get(user_id=target).revoked_reason == "deactivated"


def test_a_new_password_by_staff_ends_sessions(acme: Tenant, api: MakeApi, person: Person) -> None:
    victim = api("acme", "trader")
    target = person("trader@acme").pk
    weak = api(None, "admin").patch(f"users/{target}/", {"password": "short"})
    assert weak.status_code == 400 and "password" in weak.json()["details"]
    assert victim.get("auth/user/").status_code == 200
    answer = api(None, "admin").patch(f"users/{target}/", {"password": "quite-good-Passw0rd"})
    assert answer.status_code == 200 and victim.get("auth/user/").status_code == 401
    assert person("trader@acme").check_password("quite-good-Passw0rd")


def test_an_open_session_loses_the_role_at_once(acme: Tenant, api: MakeApi, person: Person) -> None:
    User.objects.filter(pk=person("buyer@acme").pk).update(role="admin")
    fallen = api(None)
    fallen.log_in("buyer@acme.example.com")
    assert fallen.get("users/").status_code == 200
    target = person("buyer@acme").pk
    assert api(None, "superadmin").patch(f"users/{target}/", {"role": "subscriber"}).status_code == 200
    assert fallen.get("users/").status_code == 403


@pytest.mark.req("C4")
def test_the_home_tenant_is_one_of_the_memberships(
    acme: Tenant, globex: Tenant, api: MakeApi, person: Person
) -> None:
    target, door = person("trader@acme").pk, api(None, "admin")
    answer = door.patch(f"users/{target}/", {"tenant": globex.pk})
    assert answer.status_code == 400 and "tenant" in answer.json()["details"]
    assert User.objects.get(pk=target).tenant_id == acme.pk
    assert door.patch(f"users/{target}/", {"tenant": None}).json()["tenant_name"] is None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**NEW, "email": "TRADER@acme.example.com"}, "email"),
        ({**NEW, "username": "trader@acme.example.com"}, "username"),
        ({**NEW, "password": "short"}, "password"),
        ({"username": "nina", "email": "nina@example.com"}, "password"),
        ({**NEW, "role": "emperor"}, "role"),
        ({**NEW, "url": "nothing"}, "url"),
        ({**NEW, "tenant": 999999}, "tenant"),
    ],
)
def test_bad_bodies_name_their_field(acme: Tenant, api: MakeApi, body: dict[str, Any], field: str) -> None:
    before = User.objects.count()
    answer = api(None, "superadmin").post("users/", body)
    assert answer.status_code == 400 and list(answer.json()["details"]) == [field]
    assert User.objects.count() == before


@pytest.mark.parametrize("pk", ["0", "999999999999999999", "abc", "1e3"])
def test_unknown_people_are_404(acme: Tenant, api: MakeApi, pk: str) -> None:
    assert api(None, "admin").get(f"users/{pk}/").status_code == 404
