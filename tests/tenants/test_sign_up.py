"""Founding an organisation over the API, and asking for its subdomain while one types."""

from __future__ import annotations

from typing import Any

import pytest

from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import Role, User
from tenant_apps.members.models import Member

from .test_api import TENANTS, LogIn, send, stored

pytestmark = pytest.mark.django_db(databases=["default", "owner"])

SIGN_UP = {
    "name": "Third Club", "slug": "third", "email": "Founder@Third.example.com", "password": "a-Long-enough-1",
    "first_name": "Fay", "last_name": "Founder",
}  # fmt: skip


@pytest.mark.req("F3", "F4")
def test_sign_up_makes_the_organisation_and_its_owner_who_can_log_in(client_of: Any, db: None) -> None:
    answer = send(client_of(), "post", f"{TENANTS}sign-up/", SIGN_UP)
    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["host"], body["address"]) == ("third.localhost", "http://third.localhost/")
    assert body["tenant"]["slug"] == "third"
    assert "password" not in answer.content.decode()
    tenant = Tenant.objects.get(slug="third")
    with tenant_context(tenant):
        assert list(Member.objects.values_list("capabilities", flat=True)) == [["owner"]]
    client = client_of("third")
    logged_in = send(
        client, "post", "/api/v1/auth/login/",
        {"email": "founder@third.example.com", "password": SIGN_UP["password"]},
    )  # fmt: skip
    assert logged_in.status_code == 200
    assert logged_in.json()["user"]["role"] == "tenant_owner"
    bearer = f"Bearer {logged_in.json()['access']}"
    assert client.get("/api/v1/members/", HTTP_AUTHORIZATION=bearer).json()["count"] == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"slug": "acme"}, "slug"),
        ({"slug": "..”"}, "slug"),
        ({"slug": "x" * 41}, "slug"),
        ({"name": "Acme Trading Club"}, "name"),
        ({"name": "x" * 151}, "name"),
        ({"email": "trader@acme.example.com"}, "email"),
        ({"email": None}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "Founder@Third.example.com"}, "password"),
    ],
)
def test_a_bad_sign_up_names_the_field_and_writes_nothing(
    client_of: Any, db: None, change: dict[str, Any], field: str
) -> None:
    before, people = stored(), User.objects.count()
    answer = send(client_of(), "post", f"{TENANTS}sign-up/", SIGN_UP | change)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field]), answer.content
    assert (stored(), User.objects.count()) == (before, people)


@pytest.mark.parametrize("missing", ["email", "password", "name", "slug"])
def test_sign_up_needs_its_founder(client_of: Any, db: None, missing: str) -> None:
    body = {key: value for key, value in SIGN_UP.items() if key != missing}
    answer = send(client_of(), "post", f"{TENANTS}sign-up/", body)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [missing])


@pytest.mark.req("C4")
def test_somebody_signed_in_founds_without_a_new_account(log_in: LogIn, person: Any) -> None:
    people = User.objects.count()
    body = {"name": "Second Home", "slug": "second-home", "role": "superadmin"}
    answer = send(log_in("trader@acme"), "post", f"{TENANTS}sign-up/", body)
    assert answer.status_code == 201, answer.content
    assert User.objects.count() == people
    trader, tenant = person("trader@acme"), Tenant.objects.get(slug="second-home")
    assert Membership.objects.filter(user=trader, tenant=tenant, is_active=True).exists()
    assert trader.role == Role.SUBSCRIBER, "the home tenant stays the first one"
    with tenant_context(tenant):
        assert Member.objects.get(user_id=trader.pk).capabilities == ["owner"]


def test_sign_up_is_throttled(client_of: Any, db: None, settings: Any) -> None:
    settings.THROTTLE_FACTOR = 1
    codes = [
        send(client_of(), "post", f"{TENANTS}sign-up/", {"email": "x@y.example"}).status_code
        for _ in range(11)
    ]
    assert codes == [400] * 10 + [429]


@pytest.mark.parametrize(
    ("slug", "code"),
    [
        ("free-one", ""),
        ("acme", "tenant.slug_taken"),
        ("www", "tenant.slug_reserved"),
        ("a", "tenant.slug_length"),
        ("", "tenant.slug_length"),
        ("a--b", "tenant.slug_hyphens"),
        ("Ünï", "tenant.slug_characters"),
        ("a, public", "tenant.slug_characters"),
    ],
)
def test_slug_check(client_of: Any, db: None, slug: str, code: str) -> None:
    answer = client_of().get(f"{TENANTS}slug-check/", {"slug": slug})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["available"], body["code"]) == (code == "", code)
    assert bool(body["message"]) == bool(code)


def test_slug_check_can_be_asked_more_often_than_other_questions(
    client_of: Any, db: None, settings: Any
) -> None:
    settings.THROTTLE_FACTOR = 1
    client = client_of(REMOTE_ADDR="203.0.113.77")  # whom no other test asked from
    codes = [client.get(f"{TENANTS}slug-check/", {"slug": "abc"}).status_code for _ in range(61)]
    assert codes == [200] * 60 + [429]
    assert client.get("/api/schema/").status_code == 200, "and takes nothing from them"
