"""Invitations over HTTP, with the real mail: in once, by the address alone, with what the inviter may give."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import Session, User
from tenant_apps.members.models import Invitation, Member
from tests.members.inviting import INVITATIONS, NEW, PASSWORD, accept, invite, token_in
from tests.support.pages import visitor

pytestmark = pytest.mark.req("F28")


def counts(acme: Tenant) -> tuple[int, int, int]:
    with platform_context():
        found = User.objects.count(), Membership.objects.count()
    with tenant_context(acme):
        return (*found, Member.objects.count())


def test_an_invited_person_without_an_account_comes_in_once(acme: Tenant, api: Any, letters: Any) -> None:
    token = invite(api, letters)
    (letter,) = mail.outbox
    assert letter.to == [NEW]
    assert letter.from_email.startswith("Acme ") and letter.subject == "Acme Trading Club invites you"
    assert "Olivia Owner invites you" in letter.body and "Trader" in letter.body
    shown = api("", "POST", f"{INVITATIONS}preview/", {"token": token}).json()
    assert (shown["email"], shown["has_account"], shown["capabilities"]) == (NEW, False, ["trader"])
    answer = accept(api, token)
    assert answer.status_code == 200, answer.content
    assert answer.json()["capabilities"] == ["trader"] and answer.json()["is_new_account"] is True
    logged_in = api("", "POST", "/api/v1/auth/login/", {"email": NEW, "password": PASSWORD})
    assert logged_in.status_code == 200
    with platform_context():
        assert User.objects.get(email=NEW).email_verified_at is not None, "the link proved the address"
    before = counts(acme)
    again = accept(api, token)
    assert (again.status_code, again.json()["code"]) == (403, "invitation.accepted")
    assert counts(acme) == before
    listed = api("owner", "GET", INVITATIONS, {"state": "accepted"}).json()["results"]
    assert [(row["email"], row["state"]) for row in listed] == [(NEW, "accepted")]


def test_the_token_is_shown_to_nobody_else(acme: Tenant, api: Any, letters: Any) -> None:
    token = invite(api, letters)
    listed = api("owner", "GET", INVITATIONS).content.decode()
    with tenant_context(acme), connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(t::text, '') FROM (SELECT i::text FROM members_invitation i UNION ALL "
            "SELECT o::text FROM core_outboxmessage o UNION ALL SELECT a::text FROM audit_auditentry a "
            "UNION ALL SELECT l::text FROM audit_auditlog l) t"
        )
        stored = cursor.fetchone()[0]
    with tenant_context(acme):
        token_hash = Invitation.objects.values_list("token_hash", flat=True).get()
    assert token not in listed + stored
    assert token_hash not in listed
    assert stored.count(token_hash) == 1, "the hash is in its row and not in the log"


def test_an_account_comes_in_with_its_own_password_only(
    acme: Tenant, api: Any, letters: Any, person: Callable[[str], User], password: str
) -> None:
    """The invited address has an account (of globex): its password, and no other, opens the door."""
    known = person("trader@globex")
    token = invite(api, letters, email=known.email.upper())
    assert mail.outbox[0].to == [known.email]
    before = counts(acme)
    wrong = accept(api, token)
    assert (wrong.status_code, wrong.json()["code"]) == (400, "auth.invalid_credentials")
    assert "password" in wrong.json()["details"]
    assert counts(acme) == before
    answer = accept(api, token, password=password)
    assert answer.status_code == 200 and answer.json()["is_new_account"] is False
    assert counts(acme) == (before[0], before[1] + 1, before[2] + 1)
    known.refresh_from_db()
    assert known.check_password(password), "the account's password stays"


def test_somebody_else_cannot_use_the_link(acme: Tenant, api: Any, letters: Any) -> None:
    token = invite(api, letters)
    before = counts(acme)
    refused = accept(api, token, who="trader")
    assert (refused.status_code, refused.json()["code"]) == (403, "invitation.other_account")
    page = visitor("acme", "trader").post("/invitation/", {"token": token})
    assert page.status_code == 403 and b"nora.new@example.org" in page.content
    assert counts(acme) == before


@pytest.mark.req("S3-112")
def test_guessing_the_password_ends(acme: Tenant, api: Any, letters: Any, person: Any, settings: Any) -> None:
    token = invite(api, letters, email=person("trader@globex").email)
    settings.THROTTLE_FACTOR, settings.VALKEY_PREFIX = 1, f"tradehall-{uuid4().hex}"  # counters of its own
    codes = {accept(api, token, password=f"wrong-{number}").status_code for number in range(20)}
    assert codes == {400, 429}


@pytest.mark.req("S3-112", "F26")
def test_wrong_passwords_at_an_invitation_shut_the_name(
    acme: Tenant, api: Any, letters: Any, person: Any, password: str, settings: Any
) -> None:
    known = person("trader@globex").email
    token = invite(api, letters, email=known)
    settings.VALKEY_PREFIX = f"tradehall-{uuid4().hex}"
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "login_failures": ("3/hour",)}
    settings.THROTTLE_FACTOR = 1
    for _try in range(3):
        assert accept(api, token, password="wrong").json()["code"] == "auth.invalid_credentials"
    shut = accept(api, token, password=password)
    assert (shut.status_code, shut.json()["code"]) == (429, "auth.locked")
    page = visitor("acme").post("/login/", {"login": known, "password": password})
    assert page.status_code == 429


def test_a_link_of_another_organisation_says_nothing(
    acme: Tenant, globex: Tenant, api: Any, letters: Any, client_of: Callable[..., Client]
) -> None:
    """Attack table, row 4."""
    token = invite(api, letters)
    for client in (client_of("globex"),):
        answer = client.post(
            f"{INVITATIONS}accept/", {"token": token, "password": PASSWORD}, content_type="application/json"
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "invitation.invalid")
        assert client.get(f"/invitation/?token={token}").status_code == 403


def test_sent_again_withdrawn_and_expired(acme: Tenant, api: Any, letters: Any) -> None:
    first = invite(api, letters)
    row = api("owner", "GET", INVITATIONS).json()["results"][0]
    address = f"{INVITATIONS}{row['id']}/"
    again = api("owner", "POST", f"{address}resend/")
    assert again.status_code == 200 and again.json()["expires_at"] > row["expires_at"]
    second = token_in(letters()[0])
    assert second != first
    assert accept(api, first).json()["code"] == "invitation.invalid"
    with tenant_context(acme), transaction.atomic():
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert accept(api, second).json()["code"] == "invitation.expired"
    assert api("owner", "GET", INVITATIONS, {"state": "expired"}).json()["count"] == 1
    api("owner", "POST", f"{address}resend/")
    third = token_in(letters()[0])
    assert api("owner", "POST", f"{address}withdraw/").json()["state"] == "withdrawn"
    assert accept(api, third).json()["code"] == "invitation.withdrawn"
    for what in ("resend", "withdraw"):
        closed = api("owner", "POST", f"{address}{what}/")
        assert (closed.status_code, closed.json()["code"]) == (409, "invitation.closed")


def test_lasts_seven_days(acme: Tenant, api: Any, letters: Any) -> None:
    invite(api, letters)
    with tenant_context(acme):
        invitation = Invitation.objects.get()
    assert abs(invitation.expires_at - invitation.created_at - timedelta(days=7)) < timedelta(seconds=5)


def test_nobody_gives_what_they_may_not(acme: Tenant, api: Any) -> None:
    refused = api("staff", "POST", INVITATIONS, {"email": NEW, "capabilities": ["owner"]})
    assert (refused.status_code, list(refused.json()["details"])) == (403, ["capabilities"])
    assert api("trader", "POST", INVITATIONS, {"email": NEW, "capabilities": []}).status_code == 403
    assert api("owner", "POST", INVITATIONS, {"email": NEW, "capabilities": ["king"]}).status_code == 400
    with tenant_context(acme):
        assert not Invitation.objects.exists()


def test_who_lost_the_right_to_invite_lets_nobody_in(acme: Tenant, api: Any, letters: Any) -> None:
    token = invite(api, letters, who="staff")
    with tenant_context(acme), transaction.atomic():
        Member.objects.filter(email="staff@acme.example.com").update(capabilities=["trader"])
    assert accept(api, token).json()["code"] == "invitation.withdrawn"


def test_ownership_lapses_with_the_inviters(acme: Tenant, api: Any, letters: Any) -> None:
    token = invite(api, letters, capabilities=["owner", "trader"])
    with tenant_context(acme), transaction.atomic():
        Member.objects.filter(email="owner@acme.example.com").update(capabilities=["tenant_admin"])
    assert accept(api, token).json()["capabilities"] == ["trader"]


def test_what_cannot_be_invited(acme: Tenant, api: Any, letters: Any) -> None:
    invite(api, letters)
    cases = {
        NEW.upper(): (409, "invitation.pending"),
        "trader@acme.example.com": (409, "invitation.already_member"),
        "no address": (400, ""),
    }
    for email, (status, code) in cases.items():
        answer = api("owner", "POST", INVITATIONS, {"email": email, "capabilities": []})
        assert answer.status_code == status and list(answer.json()["details"]) == ["email"]
        assert not code or answer.json()["code"] == code
    weak = accept(api, token_in(mail.outbox[0]), password="password")
    assert weak.status_code == 400 and "password" in weak.json()["details"]
    nameless = accept(api, token_in(mail.outbox[0]), first_name="")
    assert nameless.status_code == 400 and "first_name" in nameless.json()["details"]


CSV = "email,capabilities\nann@example.org,trader buyer\n\nno address,trader\nben@example.org,king\n"
CSV += "Ann@Example.org\ntrader@acme.example.com,buyer\ncleo@example.org\n"


@pytest.mark.parametrize(
    ("take", "invited"), [("all", []), ("good", ["ann@example.org", "cleo@example.org"])]
)
def test_a_file_says_what_is_wrong_by_line(
    acme: Tenant, api: Any, letters: Any, take: str, invited: list[str]
) -> None:
    answer = api("owner", "POST", f"{INVITATIONS}import/?take={take}", CSV.encode(), content_type="text/csv")
    body = answer.json()
    assert (answer.status_code, body["lines"]) == (200, 6), body
    assert [row["email"] for row in body["invited"]] == invited
    wrong = [(error["line"], error["field"]) for error in body["line_errors"]]
    assert wrong == [(4, "email"), (5, "capabilities"), (6, "email"), (7, "email")]
    assert sorted(letter.to[0] for letter in letters()) == invited
    with tenant_context(acme):
        assert Invitation.objects.count() == len(invited)
        found = Invitation.objects.filter(email="ann@example.org").values_list("capabilities", flat=True)
        assert list(found) == ([["buyer", "trader"]] if invited else [])


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe\x00\x01\n", "invitation.file_not_text"),
        (b"x" * 20_000, "invitation.file_not_text"),
        (b"\n" * (2 * 1024 * 1024 + 1), "invitation.file_too_large"),
        (b"".join(b"p%d@example.org\n" % number for number in range(1_001)), "invitation.file_too_long"),
    ],
)
def test_a_file_that_cannot_be_taken(acme: Tenant, api: Any, content: bytes, code: str) -> None:
    answer = api("owner", "POST", f"{INVITATIONS}import/?take=good", content, content_type="text/csv")
    assert (answer.status_code, answer.json().get("code")) in {(400, code), (413, "too_large")}
    with tenant_context(acme):
        assert not Invitation.objects.exists()


def test_a_file_by_the_page(acme: Tenant) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    owner = visitor("acme", "owner")
    form = {"file": SimpleUploadedFile("people.csv", CSV.encode()), "take": "all"}
    page = owner.post("/invitations/import/", form)
    assert page.status_code == 400 and b"0 of 6 lines were taken" in page.content
    form = {"file": SimpleUploadedFile("people.csv", b"ann@example.org;trader\n"), "take": "all"}
    assert owner.post("/invitations/import/", form).status_code == 302
    with tenant_context(acme):
        assert list(Invitation.objects.values_list("email", "capabilities")) == [
            ("ann@example.org", ["trader"])
        ]


def test_the_pages_of_an_invited_person(acme: Tenant, api: Any, letters: Any, client_of: Any) -> None:
    """A visit changes nothing, the form lets in and logs in."""
    token = invite(api, letters)
    stranger = client_of("acme")
    page = stranger.get(f"/invitation/?token={token}")
    assert page.status_code == 200 and page["Cache-Control"] == "no-store"
    assert b"Olivia Owner" in page.content and b"first_name" in page.content
    with tenant_context(acme):
        assert Invitation.objects.get().state == "pending"
    form = {"token": token, "first_name": "Nora", "last_name": "New", "password": "short"}
    assert stranger.post("/invitation/", form).status_code == 400
    done = stranger.post("/invitation/", form | {"password": PASSWORD})
    assert (done.status_code, done["Location"]) == (302, "/")
    assert b"Welcome, Nora New" in stranger.get("/").content
    assert stranger.get(f"/invitation/?token={token}").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_two_at_once_come_in_once(api: Any, letters: Any, acme: Tenant) -> None:
    token = invite(api, letters)
    barrier, answers = threading.Barrier(2), []

    def come() -> None:
        try:
            client = Client(headers={"host": "acme.localhost"}, raise_request_exception=False)
            body = {"token": token, "password": PASSWORD, "first_name": "Nora"}
            barrier.wait()
            answer = client.post(f"{INVITATIONS}accept/", body, content_type="application/json")
            answers.append(answer.status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=come) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(answers)[0] == 200 and sorted(answers)[1] in (400, 403, 409)
    with tenant_context(acme):
        assert Member.objects.filter(email=NEW).count() == 1


@pytest.mark.req("S1-45", "F25")
def test_making_leaders_takes_a_fresh_proof(acme: Tenant, api: Any) -> None:
    """An hour after log-in a trader may still be invited; an administrator only after a new proof."""
    stale = timezone.now() - timedelta(hours=1)
    assert api("owner", "GET", INVITATIONS).status_code == 200
    page = visitor("acme", "owner")
    with platform_context(), transaction.atomic():
        Session.objects.update(verified_at=stale)
    for capability, status in (("tenant_admin", 403), ("owner", 403), ("trader", 201)):
        body = {"email": f"{capability.replace('_', '-')}@example.org", "capabilities": [capability]}
        answer = api("owner", "POST", INVITATIONS, body)
        assert answer.status_code == status, answer.content
        assert status == 201 or answer.json()["code"] == "step_up_required"
    form = {"email": "page@example.org", "capabilities": ["tenant_admin"]}
    led = page.post("/invitations/", form)
    assert b'action="/security/confirm/"' in led.content, led.content[:3000]
    with tenant_context(acme):
        member_id = Member.objects.get(email="trader@acme.example.com").pk
        assert [row.email for row in Invitation.objects.all()] == ["trader@example.org"]
    led = page.post(f"/members/{member_id}/capabilities/", {"capabilities": ["tenant_admin"]})
    assert b'action="/security/confirm/"' in led.content, led.content[:3000]
