"""Log-in, log-out and joining by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import Session, User
from tenant_apps.members.models import Member
from tests.support.pages import HTMX, visitor


def live_sessions() -> int:
    with platform_context():
        return Session.objects.filter(revoked_at=None).count()


def test_the_start_page_sends_a_stranger_to_the_log_in_and_back(acme: Tenant, password: str) -> None:
    client = visitor("acme")
    answer = client.get("/members/?q=a")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/members/%3Fq%3Da")
    form = client.get(answer["Location"])
    assert form.status_code == 200
    assert b'value="/members/?q=a"' in form.content
    done = client.post(
        "/login/", {"login": "owner@acme.example.com", "password": password, "next": "/members/?q=a"}
    )
    assert (done.status_code, done["Location"]) == (302, "/members/?q=a")
    assert b"Aude Auditor" in client.get("/members/?q=a").content


def test_htmx_is_sent_to_the_log_in_by_header(acme: Tenant) -> None:
    answer = visitor("acme").get("/members/", headers=HTMX)
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/login/")


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "http:///x"]
)
def test_the_way_back_never_leaves_the_host(acme: Tenant, password: str, target: str) -> None:
    answer = visitor("acme").post(
        "/login/", {"login": "owner@acme.example.com", "password": password, "next": target}
    )
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.req("F2")
@pytest.mark.parametrize(
    ("login", "password_given"),
    [
        ("owner@acme.example.com", "wrong"),
        ("nobody@acme.example.com", "wrong"),
        ("owner@globex.example.com", "demo-Passw0rd!"),
    ],
)
def test_a_wrong_password_and_a_stranger_get_the_same_words(
    acme: Tenant, login: str, password_given: str
) -> None:
    before = live_sessions()
    answer = visitor("acme").post("/login/", {"login": login, "password": password_given})
    assert answer.status_code == 400
    assert b"The user name, e-mail or password is wrong." in answer.content
    assert live_sessions() == before


def test_nothing_typed_is_said_beside_each_field(acme: Tenant) -> None:
    answer = visitor("acme").post("/login/", {})
    assert answer.status_code == 400
    assert answer.content.count(b"This field is required.") == 2


def test_a_platform_account_is_no_member(acme: Tenant, password: str) -> None:
    answer = visitor("acme").post("/login/", {"login": "superadmin@example.com", "password": password})
    assert answer.status_code == 400


def test_logging_out_ends_the_row_and_needs_a_post(acme: Tenant) -> None:
    client = visitor("acme", "owner")
    assert live_sessions() == 1
    assert client.get("/logout/").status_code == 302
    assert client.get("/members/").status_code == 200
    assert client.post("/logout/").status_code == 302
    assert live_sessions() == 0
    assert client.get("/members/").status_code == 302


@pytest.mark.req("S3-113")
def test_forms_without_their_token_are_refused(acme: Tenant, password: str) -> None:
    client = visitor("acme", enforce_csrf_checks=True)
    answer = client.post("/login/", {"login": "owner@acme.example.com", "password": password})
    assert answer.status_code == 403
    assert b"This form is too old" in answer.content
    assert live_sessions() == 0


def test_personas_exist_in_development_only(acme: Tenant, settings: Any) -> None:
    client = visitor("acme")
    assert b"persona" not in client.get("/login/").content
    assert client.post("/login/", {"persona": "owner@acme.example.com"}).status_code == 403
    settings.ENVIRONMENT = "development"
    page = client.get("/login/").content
    assert page.count(b'name="persona"') == 7
    done = client.post("/login/", {"persona": "trader@acme.example.com"})
    assert (done.status_code, done["Location"]) == (302, "/")
    assert b"Tariq Trader" in client.get("/").content


def test_joining_makes_a_member_and_says_nothing_of_known_addresses(
    acme: Tenant, send_mails: Callable[[], list[EmailMessage]]
) -> None:
    client = visitor("acme")
    person = {"full_name": "Nina Neu", "email": "Nina@new.example", "password": "a-Long-enough-1"}
    new = client.post("/register/", person)
    known = client.post("/register/", {**person, "email": "owner@globex.example.com"})
    assert new.status_code == known.status_code == 200
    said = [
        answer.content.partition(b"<main")[2].partition(b"</main>")[0].replace(address, b"")
        for answer, address in ((new, b"Nina@new.example"), (known, b"owner@globex.example.com"))
    ]
    assert said[0] == said[1] != b""
    with tenant_context(acme):
        member = Member.objects.get(email="nina@new.example")
        assert (member.name, member.capabilities) == ("Nina Neu", [])
        assert not Member.objects.filter(email="owner@globex.example.com").exists()
    assert {mail.to[0] for mail in send_mails()} == {"nina@new.example", "owner@globex.example.com"}


def test_a_weak_password_is_named_beside_its_field(acme: Tenant) -> None:
    before = User.objects.count()
    answer = visitor("acme").post(
        "/register/", {"full_name": "Nina Neu", "email": "nina@new.example", "password": "password"}
    )
    assert answer.status_code == 400
    assert b"This password is too common." in answer.content
    assert User.objects.count() == before


def test_the_join_link_of_a_known_person_works_by_button(
    acme: Tenant, send_mails: Callable[[], list[EmailMessage]]
) -> None:
    client = visitor("acme")
    client.post(
        "/register/",
        {"full_name": "O", "email": "owner@globex.example.com", "password": "a-Long-enough-1"},
    )
    [mail] = send_mails()
    link = next(word for word in str(mail.body).split() if "/join/" in word)
    path = link.partition("localhost")[2].partition("/")[2]
    page = client.get(f"/{path}")
    assert page.status_code == 200
    token = page.context["token"]
    with platform_context():
        memberships = Membership.objects.filter(tenant=acme)
        before = memberships.count()
        assert client.post("/join/", {"token": token + "x"}).status_code == 403
        assert memberships.count() == before
    assert client.post("/join/", {"token": token}).status_code == 302
    with tenant_context(acme):
        assert Member.objects.filter(email="owner@globex.example.com").exists()
