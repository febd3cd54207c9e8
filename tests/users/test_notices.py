"""What people are told by e-mail, and the shutting of a name after too many wrong passwords."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.models import AuditLog
from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.support.pages import visitor
from tests.users.conftest import Api, code_in

MakeApi = Callable[..., Api]
SendMails = Callable[[], list[EmailMessage]]
TRADER = "trader@acme.example.com"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def log_in(api: MakeApi, agent: str) -> None:
    assert api("acme").log_in(TRADER, **{"user-agent": agent}).status_code == 200


@pytest.mark.req("S1-5", "S2-48")
def test_a_new_device_is_told_of_and_a_known_one_is_not(
    acme: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    log_in(api, "phone")
    assert send_mails() == []  # the first log-in of all
    log_in(api, "phone")
    assert send_mails() == []
    log_in(api, FIREFOX)
    (mail,) = send_mails()
    assert mail.to == [TRADER] and "new device" in mail.subject.lower()
    assert FIREFOX in str(mail.body) and "127.0.0.1" in str(mail.body)
    assert "http://acme.localhost/account/devices/" in str(mail.body)
    log_in(api, FIREFOX)
    assert len(send_mails()) == 1


@pytest.mark.req("S1-5")
def test_a_known_program_from_another_network_is_new(
    acme: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    door = api("acme")
    body = {"email": TRADER, "password": door.password}
    for address in ("192.0.2.1", "192.0.99.1", "198.51.100.7"):
        answer = door.client.post(
            "/api/v1/auth/login/", body, content_type="application/json", REMOTE_ADDR=address
        )
        assert answer.status_code == 200
    assert ["198.51.100.7" in str(mail.body) for mail in send_mails()] == [True]


@pytest.mark.req("S1-4")
def test_a_changed_password_is_told(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme", "trader")
    body = {
        "old_password": door.password,
        "new_password1": "q-good-Passw0rd",
        "new_password2": "q-good-Passw0rd",
    }
    assert door.post("auth/password/change/", body).status_code == 200
    (mail,) = send_mails()
    assert mail.to == [TRADER] and "password" in mail.subject
    assert "http://acme.localhost/password/reset/" in str(mail.body)


@pytest.fixture
def strict(settings: Any) -> None:
    """The rates of production, but for the attempts from one address; counters of this test's own."""
    settings.THROTTLE_FACTOR, settings.VALKEY_PREFIX = 1, f"tradehall-{uuid4().hex}"
    settings.THROTTLE_RATES = {
        **settings.THROTTLE_RATES, "auth": ("9999/hour",), "anonymous": ("9999/hour",), "login_failures": ("4/hour",),
    }  # fmt: skip


def attempts(api: MakeApi, email: str, password: str, number: int = 1) -> list[Any]:
    body = {"email": email, "password": password}
    return [api("acme").post("auth/login/", body) for _ in range(number)]


@pytest.mark.req("S3-112")
def test_too_many_wrong_passwords_shut_a_name_and_tell_its_owner_once(
    acme: Tenant, api: MakeApi, send_mails: SendMails, strict: None, password: str
) -> None:
    answers = attempts(api, TRADER, "wrong", 6)
    assert [answer.status_code for answer in answers] == [400] * 4 + [429] * 2
    assert answers[-1].json()["code"] == "auth.locked" and 1 <= int(answers[-1]["Retry-After"]) <= 3600
    assert attempts(api, TRADER, password)[0].status_code == 429
    page = visitor("acme").post("/login/", {"login": TRADER, "password": password})
    assert page.status_code == 429 and b"ask for a new password" in page.content
    (mail,) = send_mails()
    assert mail.to == [TRADER] and "wrong passwords" in mail.subject
    with tenant_context(acme):
        assert AuditLog.objects.filter(action="users.account_locked").count() == 1


@pytest.mark.req("S3-112")
def test_an_unknown_name_is_shut_alike_and_nobody_is_told(
    acme: Tenant, api: MakeApi, send_mails: SendMails, strict: None
) -> None:
    def story(email: str) -> list[tuple[int, dict[str, Any]]]:
        bodies = []
        for answer in attempts(api, email, "wrong", 5):
            body = answer.json()
            body.pop("request_id")
            bodies.append((answer.status_code, body))
        return bodies

    known, unknown = story(TRADER), story("nobody@acme.example.com")
    assert known == unknown
    assert [mail.to for mail in send_mails()] == [[TRADER]]


@pytest.mark.req("S3-112")
def test_the_shutting_of_known_and_unknown_names_does_the_same_work(
    acme: Tenant, api: MakeApi, strict: None
) -> None:
    def statements(email: str) -> list[list[str]]:
        found = []
        for _ in range(4):
            with CaptureQueriesContext(connection) as queries:
                attempts(api, email, "wrong")
            found.append([" ".join(query["sql"].split()[:3]) for query in queries])
        return found

    statements("first@acme.example.com")
    known, unknown = statements(TRADER), statements("nobody@acme.example.com")
    assert len(known[-1]) - len(unknown[-1]) <= 1  # the log's entry names a person where there is one


@pytest.mark.req("S3-112")
def test_a_new_password_opens_the_name_at_once(
    acme: Tenant, api: MakeApi, send_mails: SendMails, strict: None
) -> None:
    attempts(api, TRADER, "wrong", 5)
    door = api("acme")
    door.post("auth/password/reset/", {"email": TRADER})
    new = "q-good-Passw0rd"
    body = {"email": TRADER, "otp": code_in(send_mails()[-1]), "new_password1": new, "new_password2": new}
    assert door.post("auth/password/reset/confirm/", body).status_code == 200
    assert attempts(api, TRADER, new)[0].status_code == 200


@pytest.mark.req("S3-112")
def test_a_right_password_forgives_the_wrong_ones(
    acme: Tenant, api: MakeApi, strict: None, password: str
) -> None:
    for _ in range(3):
        assert [answer.status_code for answer in attempts(api, TRADER, "wrong", 3)] == [400] * 3
        assert attempts(api, TRADER, password)[0].status_code == 200


@pytest.mark.req("S3-112")
def test_a_name_is_shut_on_one_host_only(
    acme: Tenant, globex: Tenant, api: MakeApi, strict: None, password: str
) -> None:
    attempts(api, TRADER, "wrong", 5)
    door = api(None)
    assert door.post("auth/login/", {"email": TRADER, "password": password}).status_code == 200
    assert User.objects.filter(email=TRADER, is_active=True).exists()
