"""Log-in, log-out and joining by page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Session, User
from tenant_apps.members.models import Member
from tests.support.pages import HTMX, visitor
from tests.users.conftest import code_in


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


def said(answer: Any, address: str) -> bytes:
    """The page without the address and the browser's own secrets."""
    text = answer.content.partition(b"<main")[2].partition(b"</main>")[0].replace(address.encode(), b"")
    return re.sub(rb'name="csrfmiddlewaretoken" value="[^"]*"', b"", text)


NINA = {"full_name": "Nina Neu", "email": "Nina@new.example", "password": "a-Long-enough-1"}


@pytest.mark.req("C40", "C22")
def test_joining_shows_the_same_pages_for_known_and_new_addresses(
    acme: Tenant, send_mails: Callable[[], list[EmailMessage]]
) -> None:
    pages = []
    for email in (NINA["email"], "owner@globex.example.com", "owner@acme.example.com"):
        client = visitor("acme")
        sent = client.post("/register/", {**NINA, "email": email})
        assert (sent.status_code, sent["Location"]) == (302, "/register/confirm/")
        shown = client.get("/register/confirm/")
        wrong = client.post("/register/confirm/", {"email": email, "otp": "000 000"})
        assert (shown.status_code, wrong.status_code) == (200, 400)
        pages.append((said(shown, email), said(wrong, email)))
    assert pages[0] == pages[1] == pages[2]
    with tenant_context(acme):
        assert not Member.objects.filter(email__in=["nina@new.example", "owner@globex.example.com"]).exists()
    assert len(send_mails()) == 3


@pytest.mark.req("S3-111", "S1-2")
def test_the_browser_that_registered_is_signed_in_by_the_code(
    acme: Tenant, send_mails: Callable[[], list[EmailMessage]]
) -> None:
    client = visitor("acme")
    client.post("/register/", NINA)
    code = code_in(send_mails()[0])
    done = client.post("/register/confirm/", {"email": "nina@new.example", "otp": code})
    assert (done.status_code, done["Location"]) == (302, "/")
    assert b"Nina Neu" in client.get("/").content
    with tenant_context(acme):
        member = Member.objects.get(email="nina@new.example")
    assert (member.name, member.capabilities) == ("Nina Neu", ["buyer"])


@pytest.mark.req("S3-111", "C22")
def test_the_link_fills_the_code_in_and_another_browser_chooses_the_password(
    acme: Tenant, send_mails: Callable[[], list[EmailMessage]]
) -> None:
    """Whoever registered with Nina's address knows the password of that form; she need not have been it."""
    visitor("acme").post("/register/", NINA)
    link = next(word for word in str(send_mails()[0].body).split() if "/register/confirm/" in word)
    other = visitor("acme")
    page = other.get(link.partition("localhost")[2])
    assert page.status_code == 200 and User.objects.filter(email="nina@new.example").count() == 0
    form = {name: page.context["form"][name].value() for name in ("email", "otp")}
    for password in ("", "password"):
        refused = other.post("/register/confirm/", {**form, "password": password})
        assert refused.status_code == 400 and list(refused.context["form"].errors) == ["password"]
        assert not User.objects.filter(email="nina@new.example").exists()
    form["password"] = "Ninas-own-Passw0rd-2"
    done = other.post("/register/confirm/", form)
    assert (done.status_code, done["Location"]) == (302, "/login/")
    assert other.get("/").status_code == 302
    made = User.objects.get(email="nina@new.example")
    assert made.check_password("Ninas-own-Passw0rd-2") and not made.check_password(NINA["password"])


def test_a_browser_confirms_only_what_it_typed_itself(
    acme: Tenant, send_mails: Callable[[], list[EmailMessage]]
) -> None:
    """Somebody who registers Nina's address after her cannot have her confirm their password."""
    nina, mallory = visitor("acme"), visitor("acme")
    nina.post("/register/", NINA)
    mallory.post("/register/", {**NINA, "password": "mallorys-Passw0rd-1"})
    code = code_in(send_mails()[-1])
    assert nina.post("/register/confirm/", {"email": NINA["email"], "otp": code}).status_code == 400
    assert not User.objects.filter(email="nina@new.example").exists()


def test_a_new_code_can_be_asked_for(acme: Tenant, send_mails: Callable[[], list[EmailMessage]]) -> None:
    client = visitor("acme")
    client.post("/register/", NINA)
    send_mails()
    assert client.post("/register/resend/")["Location"] == "/register/confirm/"
    form = {"email": NINA["email"], "otp": code_in(send_mails()[1])}
    assert client.post("/register/confirm/", form)["Location"] == "/"
    assert client.get("/register/resend/").status_code == 302


def test_a_weak_password_is_named_beside_its_field(acme: Tenant) -> None:
    before = User.objects.count()
    answer = visitor("acme").post(
        "/register/", {"full_name": "Nina Neu", "email": "nina@new.example", "password": "password"}
    )
    assert answer.status_code == 400
    assert b"This password is too common." in answer.content
    assert User.objects.count() == before


def test_a_known_person_joins_with_their_usual_password(
    acme: Tenant, password: str, send_mails: Callable[[], list[EmailMessage]]
) -> None:
    client = visitor("acme")
    email = "owner@globex.example.com"
    client.post("/register/", {**NINA, "email": email})
    done = client.post("/register/confirm/", {"email": email, "otp": code_in(send_mails()[0])})
    assert (done.status_code, done["Location"]) == (302, "/login/")
    assert client.post("/login/", {"login": email, "password": NINA["password"]}).status_code == 400
    assert client.post("/login/", {"login": email, "password": password}).status_code == 302
    with tenant_context(acme):
        assert Member.objects.filter(email=email).exists()
