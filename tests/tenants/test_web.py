"""The platform's front page and founding an organisation."""

from __future__ import annotations

from typing import Any

import pytest

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Domain, SpareSchema, Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member
from tests.support.pages import HTMX, visitor

FORM = {
    "name": "Nova Traders",
    "slug": "nova",
    "full_name": "Nora Nova",
    "email": "Nora@nova.example",
    "password": "a-Long-enough-1",
}


def counts() -> tuple[int, int, int, int]:
    with platform_context():
        return (
            Tenant.objects.count(),
            Domain.objects.count(),
            User.objects.count(),
            SpareSchema.objects.count(),
        )


def test_the_front_page_leads_to_sign_up_and_the_demo(acme: Tenant) -> None:
    page = visitor().get("/", headers={"host": "localhost:8000"}).content
    assert b'href="/signup/"' in page
    assert b'href="http://acme.localhost:8000/"' in page


def test_the_front_page_of_production_shows_no_demo(acme: Tenant, settings: Any) -> None:
    settings.ENVIRONMENT = "production"
    assert b"acme.localhost" not in visitor().get("/").content


@pytest.mark.req("F13")
@pytest.mark.django_db(transaction=True)
def test_an_organisation_is_founded_and_its_owner_logs_in_there() -> None:
    answer = visitor().post("/signup/", FORM, headers={**HTMX, "host": "localhost:8000"})
    assert answer.status_code == 200, answer.content.decode()
    assert answer["HX-Redirect"] == "http://nova.localhost:8000/login/"
    there = visitor("nova")
    logged_in = there.post("/login/", {"login": "nora@nova.example", "password": FORM["password"]})
    assert logged_in.status_code == 302
    assert b"Welcome, Nora Nova" in there.get("/").content
    tenant = Tenant.objects.get(slug="nova")
    with tenant_context(tenant):
        assert list(Member.objects.values_list("email", "capabilities")) == [("nora@nova.example", ["owner"])]


@pytest.mark.django_db(transaction=True)
def test_without_scripts_a_page_leads_on() -> None:
    answer = visitor().post("/signup/", FORM)
    assert answer.status_code == 201
    assert b'href="http://nova.localhost/login/"' in answer.content


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"slug": "acme"}, "slug", b"This subdomain is taken."),
        ({"slug": "admin"}, "slug", b"This subdomain is reserved."),
        ({"slug": "a--b"}, "slug", b"two hyphens"),
        ({"slug": "1abc"}, "slug", b"begin with a letter"),
        ({"slug": "ab"}, "slug", b"3 to 40 characters"),
        ({"slug": "a, public"}, "slug", b"begin with a letter"),
        ({"slug": "\N{CYRILLIC SMALL LETTER A}cme"}, "slug", b"begin with a letter"),
        ({"name": "Acme Trading Club"}, "name", b"An organisation of this name exists."),
        ({"email": "owner@acme.example.com"}, "email", b"There is an account with this e-mail address"),
        ({"password": "password"}, "password", b"This password is too common."),
        ({"email": "no address"}, "email", b"Enter a valid email address."),
        ({"name": ""}, "name", b"This field is required."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_written(
    acme: Tenant, change: dict[str, str], field: str, words: bytes
) -> None:
    before = counts()
    answer = visitor().post("/signup/", FORM | change, headers=HTMX)
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert words in answer.content
    assert b"<html" not in answer.content
    assert counts() == before


@pytest.mark.parametrize(
    ("slug", "words"),
    [
        ("nova", b"nova.localhost is free."),
        (" Nova ", b"nova.localhost is free."),
        ("acme", b"This subdomain is taken."),
        ("www", b"This subdomain is reserved."),
        ("n", b"3 to 40 characters"),
        ("<script>", b"begin with a letter"),
        ("", b""),
    ],
)
def test_the_subdomain_is_judged_while_it_is_typed(acme: Tenant, slug: str, words: bytes) -> None:
    answer = visitor().get("/signup/check/", {"slug": slug}, headers=HTMX)
    assert answer.status_code == 200
    assert words in answer.content
    assert b"<script" not in answer.content


def test_sign_up_is_not_on_a_tenants_host(acme: Tenant) -> None:
    assert visitor("acme").get("/signup/").status_code == 404


def test_founding_by_page_is_counted_like_by_the_api(acme: Tenant, settings: Any) -> None:
    settings.THROTTLE_FACTOR = 1
    client = visitor(REMOTE_ADDR="203.0.113.78")  # whom no other test asked from
    taken = FORM | {"email": "trader@acme.example.com"}
    codes = [client.post("/signup/", taken).status_code for _ in range(11)]
    assert codes == [400] * 10 + [429]
    asked = [client.get("/signup/check/", {"slug": "abc"}).status_code for _ in range(61)]
    assert asked == [200] * 60 + [429]


def test_who_is_signed_in_finds_their_account_and_the_way_out_on_the_platforms_pages(acme: Tenant) -> None:
    for path in ("/", "/credits/"):
        page = visitor(None, "superadmin").get(path).content.decode()
        assert 'action="/logout/"' in page and 'href="/security/"' in page
        assert 'action="/logout/"' not in visitor(None).get(path).content.decode()
