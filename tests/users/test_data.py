"""One's own data in one file, and the end of an account (C29)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.core.mail import EmailMessage
from django.db.models import ProtectedError
from django.utils import timezone

from audit.models import AuditEntry, AuditLog
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import ApiToken, DataExport, OneTimeCode, Role, Session, User
from shared_apps.users.services.sessions import purge_ended
from tenant_apps.members.models import Member
from tenant_apps.todos.models import Todo
from tests.support.pages import visitor
from tests.users.conftest import Api
from tests.users.test_avatar import picture, put

MakeApi = Callable[..., Api]
Person = Callable[[str], User]
SendMails = Callable[[], list[EmailMessage]]
TRADER = "trader@acme.example.com"


def fetched(door: Api) -> dict[str, Any]:
    """The newest export's files by name."""
    row = door.get("auth/user/exports/").json()[0]
    assert (row["status"], row["progress"]) == ("ready", 100)
    answer = door.get(f"auth/user/exports/{row['id']}/")
    assert answer.status_code == 200 and answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"].startswith("attachment") and answer["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


@pytest.mark.req("S1-5", "C29")
def test_everything_of_a_tenant_in_one_file(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme", "trader")
    door.post("todos/", {"title": "Read the log"})
    asked = door.post("auth/user/exports/")
    assert asked.status_code == 202 and asked.json()["status"] == "queued"
    assert door.post("auth/user/exports/").status_code == 409
    (mail,) = send_mails()
    assert mail.to == [TRADER] and "http://acme.localhost/account/data/" in str(mail.body)
    files = fetched(door)
    assert files["account/profile.json"][0]["email"] == TRADER
    assert "password" not in files["account/profile.json"][0]
    assert (
        len(files["account/sessions.json"]) == 1 and "refresh_hash" not in files["account/sessions.json"][0]
    )
    assert files["acme/member.json"][0]["email"] == TRADER
    assert [row["title"] for row in files["acme/todos.todo.json"]] == ["Read the log"]
    assert "users.data_export_requested" in {row["action"] for row in files["acme/events.json"]}
    with tenant_context(acme):
        assert AuditLog.objects.filter(action="users.data_export_fetched").count() == 1


def test_nothing_of_others_is_in_it(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    api("acme", "seller").post("todos/", {"title": "Not yours"})
    door = api("acme", "trader")
    door.post("auth/user/exports/")
    send_mails()
    files = fetched(door)
    assert "Not yours" not in json.dumps(files) and "seller@acme.example.com" not in json.dumps(files)
    assert not any(name.startswith("globex/") for name in files)


def test_on_the_platform_it_is_everything(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    Membership.objects.create(user=person("trader@acme"), tenant=globex)
    door = api(None)
    door.log_in(TRADER)
    door.post("auth/user/exports/")
    send_mails()
    assert {name.partition("/")[0] for name in fetched(door)} >= {"account", "acme", "globex"}


def test_the_file_is_sealed_and_its_owners_alone(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    door = api("acme", "trader")
    door.post("auth/user/exports/")
    send_mails()
    row = DataExport.objects.get()
    stored = (Path(django_settings.MEDIA_ROOT) / "public" / row.file).read_bytes()
    assert b"PK" not in stored[:4] and TRADER.encode() not in stored
    assert not any(row.file_key in str(entry.changes) for entry in AuditEntry.objects.all())
    assert api("acme", "seller").get(f"auth/user/exports/{row.pk}/").status_code == 404
    on_platform = api(None)
    on_platform.log_in(TRADER)
    assert on_platform.get(f"auth/user/exports/{row.pk}/").status_code == 404


def test_a_file_has_its_time(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme", "trader")
    door.post("auth/user/exports/")
    send_mails()
    row = DataExport.objects.get()
    assert row.expires_at is not None and row.expires_at - timezone.now() > timedelta(days=6)
    stored = Path(django_settings.MEDIA_ROOT) / "public" / row.file
    DataExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert door.get(f"auth/user/exports/{row.pk}/").status_code == 404
    purge_ended(before=timezone.now() - timedelta(days=30))
    assert not stored.exists() and not DataExport.objects.exists()


def test_it_needs_a_recent_proof(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    Session.objects.update(verified_at=timezone.now() - timedelta(minutes=6))
    for answer in (door.post("auth/user/exports/"), door.post("auth/user/erase/", {"email": TRADER})):
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert not DataExport.objects.exists() and User.objects.filter(email=TRADER).exists()


def test_three_a_day(acme: Tenant, api: MakeApi, settings: Any, send_mails: SendMails) -> None:
    settings.THROTTLE_FACTOR, settings.VALKEY_PREFIX = 1, f"tradehall-{uuid4().hex}"
    door = api("acme", "trader")
    for _ in range(3):
        assert door.post("auth/user/exports/").status_code == 202
        send_mails()
    assert door.post("auth/user/exports/").status_code == 429


def test_the_page_asks_shows_and_gives(acme: Tenant, send_mails: SendMails) -> None:
    client = visitor("acme", "trader")
    assert client.post("/account/data/")["Location"] == "/account/data/"
    waiting = client.get("/account/data/")
    assert b"<progress" in waiting.content and b"every 2s" in waiting.content
    send_mails()
    part = client.get("/account/data/", headers={"HX-Request": "true"}).content
    assert b"<html" not in part and b"every 2s" not in part
    row = client.get("/account/data/").context["rows"][0]
    answer = client.get(f"/account/data/{row.pk}/")
    assert answer["Content-Type"] == "application/zip" and zipfile.is_zipfile(io.BytesIO(answer.content))


# --- the end of an account -------------------------------------------------------------------------


@pytest.mark.req("C29", "S4-33")
def test_an_erased_person_is_nobody_and_what_they_did_stays(
    acme: Tenant, globex: Tenant, api: MakeApi, person: Person, send_mails: SendMails,
    django_capture_on_commit_callbacks: Any,
) -> None:  # fmt: skip
    door, user = api("acme", "trader"), person("trader@acme")
    Membership.objects.create(user=user, tenant=globex)
    put(door, picture())
    door.patch("auth/user/", {"bio": "I trade.", "phone_number": "+49 30 1", "birth_date": "1990-02-03"})
    todo = door.post("todos/", {"title": "Stays"}).json()["id"]
    token = door.post("auth/api-tokens/", {"name": "Report", "scopes": ["todos:read"]})
    assert token.status_code == 201, token.content
    door.post("auth/user/exports/")
    door.post("devices/", {"push_token": "fcm:abc"})
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data={"hashes": []})
    door.post("auth/email/change/", {"email": "t@new.example.com", "password": door.password})
    send_mails()
    user = person("trader@acme")
    files = [
        Path(django_settings.MEDIA_ROOT) / "public" / name
        for name in (user.avatar, DataExport.objects.get().file)
    ]
    assert all(file.exists() for file in files)
    with tenant_context(acme):
        events = AuditLog.objects.count()

    with django_capture_on_commit_callbacks(execute=True):
        assert door.post("auth/user/erase/", {"email": TRADER}).status_code == 200

    user.refresh_from_db()
    assert (user.username, user.email) == (f"erased-{user.pk}", f"erased-{user.pk}@erased.invalid")
    assert {getattr(user, name) for name in ("first_name", "last_name", "bio", "phone_number", "avatar")} == {
        ""
    }
    assert (user.birth_date, user.tenant_id, user.is_active, user.has_usable_password()) == (
        None,
        None,
        False,
        False,
    )
    assert user.erased_at is not None and not any(file.exists() for file in files)
    assert not Session.objects.filter(user=user, revoked_at=None).exists()
    assert not ApiToken.objects.filter(user=user, revoked_at=None).exists()
    assert not OneTimeCode.objects.filter(user=user).exists() and not DataExport.objects.exists()
    assert not Authenticator.objects.filter(user=user).exists()
    assert not Membership.objects.filter(user=user, is_active=True).exists()
    with tenant_context(acme):
        member = Member.objects.get(user_id=user.pk)
        assert (member.name, member.is_active, member.capabilities) == (f"erased-{user.pk}", False, [])
        assert member.email == user.email
        assert Todo.objects.filter(pk=todo, title="Stays").exists()
        assert AuditLog.objects.count() > events
        assert AuditLog.objects.filter(action="users.account_erased", target_id=user.pk).exists()
    assert door.get("auth/user/").status_code == 401 and api("acme").log_in(TRADER).status_code == 400
    last = send_mails()[-1]
    assert last.to == [TRADER] and "deleted" in last.subject


def test_the_address_is_free_again(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    api("acme", "trader").post("auth/user/erase/", {"email": TRADER})
    body = {"email": TRADER, "password": "quite-good-Passw0rd"}
    assert api("acme").post("auth/registration/", body).status_code == 201
    assert "code" in send_mails()[-1].subject


@pytest.mark.parametrize("email", ["seller@acme.example.com", "x", ""])
def test_another_address_erases_nobody(acme: Tenant, api: MakeApi, email: str) -> None:
    answer = api("acme", "trader").post("auth/user/erase/", {"email": email})
    assert answer.status_code == 400 and list(answer.json()["details"]) == ["email"]
    assert User.objects.filter(email=TRADER, is_active=True).exists()


def test_the_last_owner_hands_over_first(acme: Tenant, api: MakeApi, person: Person) -> None:
    answer = api("acme", "owner").post("auth/user/erase/", {"email": "owner@acme.example.com"})
    assert answer.json()["code"] == "member.last_owner"
    assert person("owner@acme").is_active
    assert not OutboxMessage.objects.filter(task="users.send_notice").exists()
    with tenant_context(acme):
        Member.objects.filter(email="staff@acme.example.com").update(capabilities=["owner"])
    erased = api("acme", "owner").post("auth/user/erase/", {"email": "owner@acme.example.com"})
    assert erased.status_code == 200


def test_the_last_superadmin_stays(acme: Tenant, api: MakeApi, person: Person) -> None:
    email = "superadmin@example.com"
    answer = api(None, "superadmin").post("auth/user/erase/", {"email": email})
    assert answer.json()["code"] == "users.last_superadmin"
    User.objects.filter(email="admin@example.com").update(role=Role.SUPERADMIN)
    assert api(None, "superadmin").post("auth/user/erase/", {"email": email}).status_code == 200


@pytest.mark.req("C29")
def test_nobody_deletes_people(acme: Tenant, person: Person) -> None:
    with platform_context():
        user = person("trader@acme")
        with pytest.raises(ProtectedError, match="erased"):
            user.delete()
        with pytest.raises(ProtectedError, match="erased"):
            User.objects.filter(pk=user.pk).delete()
        assert User.objects.filter(pk=user.pk).exists()


def test_the_page_erases_after_the_address_is_typed(acme: Tenant) -> None:
    client = visitor("acme", "trader")
    wrong = client.post("/account/erase/", {"email": "x@example.com"})
    assert wrong.status_code == 400 and b"not the address of your account" in wrong.content
    assert client.get("/account/erase/").status_code == 302
    done = client.post("/account/erase/", {"email": TRADER})
    assert done["Location"] == "/login/" and client.get("/account/").status_code == 302
    with platform_context():
        assert not User.objects.filter(email=TRADER).exists()
