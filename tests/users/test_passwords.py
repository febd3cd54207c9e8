"""Changing a password and getting in again without it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone

from shared_apps.core.context import current_schema
from shared_apps.core.errors import DomainError
from shared_apps.core.events import subscribe
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants.models import Tenant
from shared_apps.users.events import PasswordChanged, PasswordReset
from shared_apps.users.hosts import Client as ClientOf
from shared_apps.users.models import OneTimeCode, Session, User
from shared_apps.users.services import login
from shared_apps.users.units import identity_unit
from tests.factors.devices import enrol_totp
from tests.users.conftest import Api, code_in

MakeApi = Callable[..., Api]
Person = Callable[[str], User]
SendMails = Callable[[], list[EmailMessage]]
NEW = "brand-new-Passw0rd!"
TRADER = "trader@acme.example.com"
pytestmark = pytest.mark.req("F19", "S4-72")


@pytest.fixture
def told(db: None) -> list[tuple[str, str, int]]:
    heard: list[tuple[str, str, int]] = []
    for event_class in (PasswordChanged, PasswordReset):
        subscribe(event_class, lambda event: heard.append((current_schema(), event.name, event.user_id)))
    return heard


def change(door: Api, old: str, new: str, again: str | None = None) -> Any:
    body = {"old_password": old, "new_password1": new, "new_password2": again or new}
    return door.post("auth/password/change/", body)


def test_changing_it_ends_every_other_session(
    acme: Tenant, api: MakeApi, person: Person, told: list[Any]
) -> None:
    elsewhere, platform = api("acme", "trader"), api(None)
    platform.log_in("trader@acme.example.com")
    door = api("acme", "trader")
    assert elsewhere.get("auth/user/").status_code == 200
    assert change(door, door.password, NEW).status_code == 200
    assert door.get("auth/user/").status_code == 200
    assert elsewhere.get("auth/user/").status_code == 401
    assert elsewhere.renew().status_code == 401 and platform.renew().status_code == 401
    trader = person("trader@acme")
    assert trader.check_password(NEW) and trader.password_updated is not None
    assert told == [(acme.schema_name, "users.password_changed", trader.pk)]


@pytest.mark.parametrize(
    ("old", "new", "again", "field"),
    [
        ("wrong", NEW, NEW, "old_password"),
        ("demo-Passw0rd!", NEW, "another", "new_password2"),
        ("demo-Passw0rd!", "short", "short", "new_password1"),
        ("demo-Passw0rd!", "password123", "password123", "new_password1"),
        ("demo-Passw0rd!", "trader@acme.example.com", "trader@acme.example.com", "new_password1"),
        ("demo-Passw0rd!", "73829104857", "73829104857", "new_password1"),
    ],
)
def test_what_is_wrong_names_its_field_and_changes_nothing(
    acme: Tenant, api: MakeApi, person: Person, old: str, new: str, again: str, field: str
) -> None:
    door, before = api("acme", "trader"), person("trader@acme").password
    other = api("acme", "trader")
    answer = change(door, old, new, again)
    assert answer.status_code == 400 and list(answer.json()["details"]) == [field]
    assert person("trader@acme").password == before
    assert other.get("auth/user/").status_code == 200


def test_without_a_session_it_is_401(acme: Tenant, api: MakeApi) -> None:
    assert change(api("acme"), "a", NEW).status_code == 401


# --- the link by e-mail ----------------------------------------------------------------------------


def ask(door: Api, email: str) -> Any:
    return door.post("auth/password/reset/", {"email": email})


def confirm(door: Api, code: str, new: str = NEW, email: str = TRADER) -> Any:
    body = {"email": email, "otp": code, "new_password1": new, "new_password2": new}
    return door.post("auth/password/reset/confirm/", body)


@pytest.mark.req("C22")
def test_the_code_sets_a_password_once(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person, told: list[Any]
) -> None:
    logged_in = api("acme", "trader")
    assert ask(api("acme"), "Trader@acme.example.com").status_code == 200
    (message,) = send_mails()
    code = code_in(message)
    link = f"http://acme.localhost/password/reset/confirm/?email=trader%40acme.example.com&code={code}"
    assert message.to == [TRADER] and acme.name in message.subject and link in str(message.body)
    assert confirm(api("acme"), code).status_code == 200
    assert person("trader@acme").check_password(NEW)
    assert logged_in.get("auth/user/").status_code == 401
    assert Session.objects.get().revoked_reason == "password_reset"
    assert told == [(acme.schema_name, "users.password_reset", person("trader@acme").pk)]
    again = confirm(api("acme"), code, "yet-another-Passw0rd!")
    assert again.status_code == 400 and again.json()["code"] == "auth.code_wrong"
    assert person("trader@acme").check_password(NEW)


@pytest.mark.parametrize(
    "email", ["nobody@acme.example.com", "trader@globex.example.com", "superadmin@example.com", TRADER]
)
def test_a_wrong_code_says_nothing_of_the_address(
    acme: Tenant, api: MakeApi, send_mails: SendMails, email: str
) -> None:
    ask(api("acme"), email)
    code = code_in(send_mails()[0]) if email == TRADER else "123456"
    answer = confirm(api("acme"), f"{(int(code) + 1) % 10**6:06d}", email=email)
    assert (answer.status_code, list(answer.json()["details"])) == (400, ["otp"])
    assert answer.json()["code"] == "auth.code_wrong"


@pytest.mark.parametrize(
    "email", ["nobody@acme.example.com", "trader@globex.example.com", "superadmin@example.com"]
)
def test_who_does_not_belong_here_gets_the_same_answer_and_no_mail(
    acme: Tenant, api: MakeApi, send_mails: SendMails, email: str
) -> None:
    known, unknown = ask(api("acme"), "trader@acme.example.com"), ask(api("acme"), email)
    assert (unknown.status_code, unknown.content) == (known.status_code, known.content)
    assert [message.to for message in send_mails()] == [["trader@acme.example.com"]]


def test_known_and_unknown_do_the_same_work(acme: Tenant, api: MakeApi) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ask(api("acme"), "first@acme.example.com")  # the host is remembered from here on
    statements = []
    for email in ("trader@acme.example.com", "nobody@acme.example.com"):
        with CaptureQueriesContext(connection) as queries:
            ask(api("acme"), email)
        statements.append([" ".join(query["sql"].split()[:3]) for query in queries][1:-1])
    assert statements[0] == statements[1]
    assert OutboxMessage.objects.filter(task="users.send_code").count() == 3


def test_the_platform_sends_codes_to_everybody(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    ask(api(None), TRADER)
    assert confirm(api(None), code_in(send_mails()[0])).status_code == 200


@pytest.mark.req("F21")
def test_a_code_of_one_host_is_worth_nothing_on_another(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    before = person("trader@acme").password
    ask(api("acme"), TRADER)
    code = code_in(send_mails()[0])
    for slug in ("globex", None):
        assert confirm(api(slug), code).status_code == 400
    assert person("trader@acme").password == before


def test_an_old_code_is_refused(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    ask(api("acme"), TRADER)
    code = code_in(send_mails()[0])
    OneTimeCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert confirm(api("acme"), code).status_code == 400


def test_a_weak_password_spares_the_code(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    ask(api("acme"), TRADER)
    code = code_in(send_mails()[0])
    weak = confirm(api("acme"), code, "short")
    assert weak.status_code == 400 and "new_password1" in weak.json()["details"]
    assert confirm(api("acme"), code).status_code == 200
    assert len(mail.outbox) == 1


def test_a_code_proves_the_mailbox(acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person) -> None:
    User.objects.filter(email=TRADER).update(email_verified_at=None)
    ask(api("acme"), TRADER)
    confirm(api("acme"), code_in(send_mails()[0]))
    assert person("trader@acme").email_verified_at is not None


@pytest.mark.req("S3-111")
def test_who_was_checked_before_a_reset_comes_in_no_more(acme: Tenant, person: Person) -> None:
    """A log-in and a reset at once: the session would outlive the end of all sessions."""
    checked = person("trader@acme")
    with identity_unit("test"):
        changed = person("trader@acme")
        changed.set_password("Louder-Harbour-72")
        changed.save(update_fields=["password"])
    where = ClientOf(remote_addr="127.0.0.1", user_agent="late")
    before = Session.objects.count()
    for opened in (
        lambda: login.open_api_session(user=checked, client=where, tenant=acme),
        lambda: login.open_browser_session(user=checked, client=where, tenant=acme, seconds=60),
    ):
        with pytest.raises(DomainError) as refused:
            opened()
        assert refused.value.code == "auth.invalid_credentials"
    assert Session.objects.count() == before
    assert login.open_api_session(user=changed, client=where, tenant=acme).access


@pytest.mark.req("F25")
def test_factors_survive_a_reset_by_code(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    """The mailbox is one proof and the factor another: who reads mail alone does not come in (D42)."""
    _secret, recovery = enrol_totp(api("acme", "trader"))
    door = api("acme")
    door.post("auth/password/reset/", {"email": "trader@acme.example.com"})
    body = {"new_password1": "Louder-Harbour-72", "new_password2": "Louder-Harbour-72"}
    code = code_in(send_mails()[-1])
    reset = {**body, "email": "trader@acme.example.com", "otp": code}
    assert door.post("auth/password/reset/confirm/", reset).status_code == 200
    door.password = "Louder-Harbour-72"
    half = door.log_in("trader@acme.example.com")
    assert half.status_code == 202
    proof = {"challenge_token": half.json()["challenge_token"], "code": recovery[0]}
    assert door.post("auth/mfa/authenticate/", proof).status_code == 200
