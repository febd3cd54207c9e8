"""One's own account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared_apps.core.events import subscribe
from shared_apps.tenants.models import Tenant
from shared_apps.users.events import ProfileChanged
from shared_apps.users.models import User
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
Person = Callable[[str], User]

OWN = {
    "first_name": "Tara", "last_name": "Trade", "phone_number": "+49 30 1", "bio": "I trade.",
    "url": "https://tara.example.com/", "company": "Tara GmbH", "location": "Berlin",
    "birth_date": "1990-02-03",
}  # fmt: skip


@pytest.mark.req("F37", "S4-21", "S4-22", "S4-23", "S4-24", "S4-25", "S4-26", "S3-27")
@pytest.mark.parametrize("slug", ["acme", None])
def test_all_fields_are_read_and_the_own_ones_written(acme: Tenant, api: MakeApi, slug: str | None) -> None:
    door = api(slug)
    door.log_in("trader@acme.example.com")
    before = door.get("auth/user/").json()
    answer = door.patch("auth/user/", OWN)
    assert answer.status_code == 200
    assert answer.json() == {**before, **OWN} == door.get("auth/user/").json()


@pytest.mark.req("S4-32", "S3-117")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", 1), ("role", "superadmin"), ("tenant", None), ("tenant_name", "Mine"), ("is_active", False),
        ("is_staff", True), ("is_superuser", True), ("username", "other"), ("email", "other@example.com"),
        ("password", "x"), ("date_joined", "2001-01-01T00:00:00Z"), ("last_login", None),
        ("password_updated", None), ("memberships", []), ("capabilities", ["owner"]),
    ],
)  # fmt: skip
def test_what_is_not_ones_own_to_change_is_never_applied(
    acme: Tenant, api: MakeApi, person: Person, field: str, value: Any
) -> None:
    door = api("acme", "trader")
    before = User.objects.filter(email="trader@acme.example.com").values().get()
    answer = door.patch("auth/user/", {field: value})
    assert answer.status_code in (200, 400)
    assert User.objects.filter(email="trader@acme.example.com").values().get() == before


@pytest.mark.req("S3-115")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "javascript:alert(1)"), ("url", "nothing"), ("birth_date", "1990-13-01"),
        ("phone_number", "1" * 21), ("company", "x" * 101), ("location", "x" * 101), ("bio", "a\x00b"),
        ("first_name", {"a": 1}), ("first_name", "x" * 151),
    ],
)  # fmt: skip
def test_bad_values_name_their_field(acme: Tenant, api: MakeApi, field: str, value: Any) -> None:
    door = api("acme", "trader")
    before = door.get("auth/user/").json()
    answer = door.patch("auth/user/", {field: value})
    assert answer.status_code == 400 and list(answer.json()["details"]) == [field]
    assert door.get("auth/user/").json() == before


def test_a_new_name_is_told(acme: Tenant, api: MakeApi, person: Person) -> None:
    heard: list[ProfileChanged] = []
    subscribe(ProfileChanged, heard.append)
    door = api("acme", "trader")
    door.patch("auth/user/", {"bio": "quiet"})
    assert heard == []
    door.patch("auth/user/", {"first_name": "Tara"})
    assert [(event.user_id, event.display_name) for event in heard] == [
        (person("trader@acme").pk, "Tara Trader")
    ]


@pytest.mark.req("S4-68")
@pytest.mark.parametrize("slug", ["acme", None])
def test_without_a_token_it_is_401(acme: Tenant, api: MakeApi, slug: str | None) -> None:
    door = api(slug)
    for answer in (door.get("auth/user/"), door.patch("auth/user/", {"bio": "x"})):
        assert answer.status_code == 401
        assert answer.json()["error"] is True and answer["WWW-Authenticate"].startswith("Bearer")
