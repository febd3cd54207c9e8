"""Changing a password and getting in again without it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail, signing
from django.core.mail import EmailMessage

from shared_apps.core.context import current_schema
from shared_apps.core.events import subscribe
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants.models import Tenant
from shared_apps.users.events import PasswordChanged, PasswordReset
from shared_apps.users.models import Session, User
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
Person = Callable[[str], User]
SendMails = Callable[[], list[EmailMessage]]
NEW = "brand-new-Passw0rd!"
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


def token_in(message: EmailMessage) -> str:
    found = re.search(r"token=(\S+)", str(message.body))
    assert found is not None
    return found[1]


def confirm(door: Api, token: str, new: str = NEW) -> Any:
    body = {"token": token, "uid": "ignored", "new_password1": new, "new_password2": new}
    return door.post("auth/password/reset/confirm/", body)


def test_the_link_sets_a_password_once(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person, told: list[Any]
) -> None:
    logged_in = api("acme", "trader")
    assert ask(api("acme"), "Trader@acme.example.com").status_code == 200
    (message,) = send_mails()
    assert message.to == ["trader@acme.example.com"] and acme.name in message.subject
    assert "http://acme.localhost/password/reset/confirm/?token=" in str(message.body)
    token = token_in(message)
    assert confirm(api("acme"), token).status_code == 200
    assert person("trader@acme").check_password(NEW)
    assert logged_in.get("auth/user/").status_code == 401
    assert Session.objects.get().revoked_reason == "password_reset"
    assert told == [(acme.schema_name, "users.password_reset", person("trader@acme").pk)]
    again = confirm(api("acme"), token, "yet-another-Passw0rd!")
    assert again.status_code == 403 and again.json()["code"] == "auth.reset_link_used"
    assert person("trader@acme").check_password(NEW)


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
    assert OutboxMessage.objects.filter(task="users.send_reset_link").count() == 3


def test_the_platform_sends_links_to_everybody(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    ask(api(None), "trader@acme.example.com")
    (message,) = send_mails()
    assert confirm(api(None), token_in(message)).status_code == 200


@pytest.mark.req("F21")
def test_a_link_of_one_host_is_worth_nothing_on_another(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    before = person("trader@acme").password
    ask(api("acme"), "trader@acme.example.com")
    token = token_in(send_mails()[0])
    for slug in ("globex", None):
        assert confirm(api(slug), token).status_code == 403
    assert person("trader@acme").password == before


def test_an_old_link_is_refused(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(api("acme"), "trader@acme.example.com")
    token = token_in(send_mails()[0])
    import time

    real = time.time
    monkeypatch.setattr(signing.time, "time", lambda: real() + timedelta(hours=1, seconds=5).total_seconds())
    answer = confirm(api("acme"), token)
    assert answer.status_code == 403 and answer.json()["code"] == "signature.expired"


def test_a_link_dies_when_the_person_logs_in(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    ask(api("acme"), "trader@acme.example.com")
    token = token_in(send_mails()[0])
    api("acme", "trader")
    assert confirm(api("acme"), token).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "\u2603", "x" * 2000])
def test_nonsense_tokens(acme: Tenant, api: MakeApi, token: str) -> None:
    assert confirm(api("acme"), token).status_code in (400, 403)


def test_a_weak_password_spares_the_link(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    ask(api("acme"), "trader@acme.example.com")
    token = token_in(send_mails()[0])
    weak = confirm(api("acme"), token, "short")
    assert weak.status_code == 400 and "new_password1" in weak.json()["details"]
    assert confirm(api("acme"), token).status_code == 200
    assert len(mail.outbox) == 1
