"""One-time codes: hashed, ten minutes, five tries, once, for one purpose on one host."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.mail import EmailMessage
from django.db.models import F
from django.utils import timezone

from audit.models import AuditEntry
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import OneTimeCode, User
from shared_apps.users.services.sessions import purge_ended
from tests.users.conftest import Api, code_in

MakeApi = Callable[..., Api]
SendMails = Callable[[], list[EmailMessage]]
GOOD = "quite-good-Passw0rd"
NINA = "nina@new.example.com"
pytestmark = pytest.mark.req("F24", "S3-111", "C22")


def register(door: Api, email: str = NINA) -> Any:
    return door.post("auth/registration/", {"email": email, "password": GOOD})


def verify(door: Api, code: str, email: str = NINA) -> int:
    answer = door.post("auth/registration/verify-email/", {"email": email, "otp": code})
    return int(answer.status_code)


def resend(door: Api, email: str = NINA) -> Any:
    return door.post("auth/registration/resend-email/", {"email": email})


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


def test_a_code_is_stored_nowhere_but_as_a_hash(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    register(api("acme"))
    code = code_in(send_mails()[0])
    row = OneTimeCode.objects.get()
    assert len(row.code_hash) == 64 and code not in row.code_hash
    entries = [str(entry.changes) for entry in AuditEntry.objects.filter(object_pk=str(row.pk))]
    assert entries and not any(code in text or row.code_hash in text or "pbkdf2" in text for text in entries)
    assert row.payload["password"] not in str(entries)
    assert not any(code in str(message.kwargs) for message in OutboxMessage.objects.all())


def test_five_wrong_tries_end_a_code(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme")
    register(door)
    code = code_in(send_mails()[0])
    assert [verify(door, other_than(code)) for _ in range(5)] == [400] * 5
    assert verify(door, code) == 400
    resend(door)
    assert verify(door, code_in(send_mails()[-1])) == 200


def test_four_wrong_tries_do_not(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme")
    register(door)
    code = code_in(send_mails()[0])
    for _ in range(4):
        verify(door, other_than(code))
    assert verify(door, code) == 200 and verify(door, code) == 400


def test_a_code_holds_for_ten_minutes(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme")
    register(door)
    code = code_in(send_mails()[0])
    row = OneTimeCode.objects.get()
    left = row.expires_at - timezone.now()
    assert timedelta(minutes=9) < left <= timedelta(minutes=10)
    OneTimeCode.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert verify(door, code) == 400
    resend(door)
    assert verify(door, code_in(send_mails()[-1])) == 200


def test_a_new_code_kills_the_old_one(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme")
    register(door)
    old = code_in(send_mails()[0])
    resend(door)
    new = code_in(send_mails()[1])
    if old != new:  # the same six digits come again once in a million
        assert verify(door, old) == 400
    assert verify(door, new) == 200


def test_a_code_holds_for_its_purpose_address_and_host(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    register(api("acme"), "trader@globex.example.com")
    code = code_in(send_mails()[0])
    assert verify(api("globex"), code, "trader@globex.example.com") == 400
    assert verify(api("acme"), code, NINA) == 400
    reset = {"email": "trader@globex.example.com", "otp": code, "new_password1": GOOD, "new_password2": GOOD}
    assert api("acme").post("auth/password/reset/confirm/", reset).status_code == 400
    assert verify(api("acme"), code, "trader@globex.example.com") == 200


def test_a_hash_belongs_to_its_row(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    """Who can write the table cannot move a code they know to somebody else's row."""
    register(api("acme"), "mallory@new.example.com")
    register(api("acme"))
    codes = {message.to[0]: code_in(message) for message in send_mails()}
    mine = OneTimeCode.objects.get(address="mallory@new.example.com")
    OneTimeCode.objects.filter(address=NINA).update(code_hash=mine.code_hash)
    assert verify(api("acme"), codes["mallory@new.example.com"]) == 400


def test_registering_again_replaces_what_waited(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme")
    register(door)
    door.post("auth/registration/", {"email": NINA, "password": "another-Passw0rd!"})
    (message,) = send_mails()  # the first letter's row is gone before it was written
    assert verify(door, code_in(message)) == 200
    assert User.objects.get(email=NINA).check_password("another-Passw0rd!")
    assert not OneTimeCode.objects.exists()


def test_no_letter_before_the_worker_means_no_code(acme: Tenant, api: MakeApi) -> None:
    register(api("acme"))
    assert verify(api("acme"), "000000") == 400
    assert OneTimeCode.objects.get().code_hash == ""


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "", "１２３４５６", "12345\x00"])
def test_what_is_no_code_names_the_field(acme: Tenant, api: MakeApi, code: str) -> None:
    answer = api("acme").post("auth/registration/verify-email/", {"email": NINA, "otp": code})
    assert answer.status_code == 400 and list(answer.json()["details"]) == ["otp"]


@pytest.mark.parametrize("email", [NINA, "trader@acme.example.com"])
def test_letters_to_one_mailbox_are_limited(acme: Tenant, api: MakeApi, settings: Any, email: str) -> None:
    settings.THROTTLE_FACTOR, settings.VALKEY_PREFIX = 1, f"tradehall-{uuid4().hex}"
    door = api("acme")
    register(door, email)
    assert resend(door, email).status_code == 200
    refused = resend(door, email)
    assert refused.status_code == 429 and refused.json()["code"] == "auth.too_many_codes"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert resend(door, "somebody@else.example.com").status_code == 200


def test_what_nobody_confirmed_is_forgotten(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme")
    register(door)
    code = code_in(send_mails()[0])
    OneTimeCode.objects.update(created_at=F("created_at") - timedelta(hours=25))
    assert verify(door, code) == 400
    purge_ended(before=timezone.now() - timedelta(days=30))
    assert not OneTimeCode.objects.exists()
