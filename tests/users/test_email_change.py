"""Another address: proved by code, told to both, taken back by the old one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from allauth.mfa.models import Authenticator
from django.core.mail import EmailMessage

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import OneTimeCode, Session, User
from shared_apps.users.services import addresses
from tenant_apps.members import services as members
from tests.factors.devices import enrol_totp
from tests.support.pages import visitor
from tests.users.conftest import Api, code_in

MakeApi = Callable[..., Api]
Person = Callable[[str], User]
SendMails = Callable[[], list[EmailMessage]]
OLD, NEW = "trader@acme.example.com", "tariq@new.example.com"
pytestmark = pytest.mark.req("S1-8", "S3-111")


def ask(door: Api, email: str = NEW, password: str = "") -> Any:
    body = {"email": email, "password": password or door.password}
    return door.post("auth/email/change/", body)


def confirm(door: Api, code: str) -> Any:
    return door.post("auth/email/change/confirm/", {"otp": code})


def letter_to(mails: list[EmailMessage], address: str) -> EmailMessage:
    return [mail for mail in mails if mail.to == [address]][-1]


def undo_token_in(mail: EmailMessage) -> str:
    found = re.search(r"token=(\S+)", str(mail.body))
    assert found is not None
    return unquote(found[1])


def test_a_code_to_the_new_address_makes_it_ones_own_and_tells_both(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    door = api("acme", "trader")
    assert ask(door, "Tariq@NEW.example.com").status_code == 200
    assert person("trader@acme").email == OLD
    code = code_in(letter_to(send_mails(), NEW))
    answer = confirm(door, code)
    assert answer.status_code == 200
    assert (answer.json()["email"], answer.json()["username"]) == (NEW, NEW)
    assert answer.json()["email_verified"] is True
    mails = send_mails()
    assert "new address" in letter_to(mails, NEW).subject
    assert "was changed" in letter_to(mails, OLD).subject and OLD in str(letter_to(mails, OLD).body)
    assert confirm(door, code).status_code == 400
    assert api("acme").log_in(OLD).status_code == 400 and api("acme").log_in(NEW).status_code == 200
    with tenant_context(acme):
        user = User.objects.get(email=NEW)
        members.copy_profile(user_id=user.pk, name=user.display_name, email=user.email)


@pytest.mark.parametrize("slug", ["globex", None])
def test_a_code_holds_for_its_person_and_host(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails, slug: str | None
) -> None:
    ask(api("acme", "trader"))
    code = code_in(send_mails()[-1])
    other = api(slug, "owner" if slug else "superadmin")
    assert confirm(other, code).status_code == 400
    assert confirm(api("acme", "seller"), code).status_code == 400
    assert not User.objects.filter(email=NEW).exists()


def test_somebodys_address_gets_the_same_answers_and_a_letter_without_code(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    door = api("acme", "trader")
    free = ask(door)
    taken = ask(door, "seller@acme.example.com")
    assert (free.status_code, free.content) == (taken.status_code, taken.content)
    (mail,) = [mail for mail in send_mails() if mail.to == ["seller@acme.example.com"]]
    assert "code=" not in str(mail.body) and not re.search(r"\d{6}", str(mail.body))
    wrong = confirm(door, "000000")
    assert wrong.json()["code"] == "auth.code_wrong" and person("trader@acme").email == OLD


def test_an_address_taken_meanwhile_is_a_wrong_code(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    door = api("acme", "trader")
    ask(door)
    code = code_in(send_mails()[-1])
    User.objects.filter(pk=person("seller@acme").pk).update(email=NEW)
    assert confirm(door, code).json()["code"] == "auth.code_wrong"


def test_a_wrong_password_changes_nothing(acme: Tenant, api: MakeApi) -> None:
    answer = ask(api("acme", "trader"), password="wrong")
    assert answer.status_code == 400 and list(answer.json()["details"]) == ["password"]
    assert not OneTimeCode.objects.exists()


def test_without_a_change_there_is_nothing_to_confirm(acme: Tenant, api: MakeApi) -> None:
    answer = confirm(api("acme", "trader"), "123456")
    assert (answer.status_code, answer.json()["code"]) == (400, "auth.no_email_change")


def test_the_own_address_can_be_proved(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    User.objects.filter(email=OLD).update(email_verified_at=None)
    door = api("acme", "trader")
    assert door.get("auth/user/").json()["email_verified"] is False
    ask(door, OLD)
    assert confirm(door, code_in(send_mails()[-1])).json()["email_verified"] is True
    assert len(send_mails()) == 1 and person("trader@acme").email == OLD


def test_an_address_that_nobody_proved_is_proved_at_a_click(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    assert api("acme", "trader").post("auth/email/prove/").json()["code"] == "auth.email_confirmed"
    assert b"Confirm it now" not in visitor("acme", "trader").get("/account/email/").content
    User.objects.filter(email=OLD).update(email_verified_at=None)
    client = visitor("acme", "trader")
    assert b"Confirm it now" in client.get("/account/email/").content
    assert client.post("/account/email/prove/")["Location"] == "/account/email/confirm/"
    done = client.post("/account/email/confirm/", {"otp": code_in(send_mails()[-1])})
    assert done.status_code == 302 and person("trader@acme").email_verified_at is not None
    User.objects.filter(email=OLD).update(email_verified_at=None)
    door = api("acme", "trader")
    assert door.post("auth/email/prove/").status_code == 200
    assert confirm(door, code_in(send_mails()[-1])).json()["email_verified"] is True


def test_the_old_address_takes_the_account_back(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    door = api("acme", "trader")
    ask(door)
    confirm(door, code_in(send_mails()[-1]))
    token = undo_token_in(letter_to(send_mails(), OLD))
    assert api("globex").post("auth/email/change/undo/", {"token": token}).status_code == 403
    assert api("acme").post("auth/email/change/undo/", {"token": token}).status_code == 200
    user = person("trader@acme")
    assert (user.email, user.username, user.has_usable_password()) == (OLD, OLD, False)
    assert door.get("auth/user/").status_code == 401
    assert not Session.objects.filter(user=user, revoked_at=None).exists()
    body = {
        "email": OLD,
        "otp": code_in(send_mails()[-1]),
        "new_password1": "q-good-Passw0rd",
        "new_password2": "q-good-Passw0rd",
    }
    assert api("acme").post("auth/password/reset/confirm/", body).status_code == 200
    again = api("acme").post("auth/email/change/undo/", {"token": token})
    assert again.status_code == 403 and again.json()["code"] == "auth.undo_used"


@pytest.mark.req("F25")
def test_recovery_codes_that_a_thief_made_anew_do_not_outlive_the_way_back(
    acme: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    door = api("acme", "trader")
    _secret, first = enrol_totp(door)
    ask(door)
    confirm(door, code_in(send_mails()[-1]))
    remade = door.post("auth/mfa/recovery-codes/")
    assert remade.status_code == 201 and not set(first) & set(remade.json()["recovery_codes"])
    token = undo_token_in(letter_to(send_mails(), OLD))
    assert api("acme").post("auth/email/change/undo/", {"token": token}).status_code == 200
    kept = Authenticator.objects.values_list("type", flat=True)
    assert list(kept) == ["totp"], "the app was there before the change; the thief's codes were not"


def test_the_way_back_ends_after_a_week(
    acme: Tenant, api: MakeApi, send_mails: SendMails, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = api("acme", "trader")
    ask(door)
    confirm(door, code_in(send_mails()[-1]))
    token = undo_token_in(letter_to(send_mails(), OLD))
    monkeypatch.setattr(addresses, "UNDO_LIFETIME", timedelta(seconds=-1))
    answer = api("acme").post("auth/email/change/undo/", {"token": token})
    assert answer.json()["code"] == "signature.expired"


def test_the_pages_do_the_same(acme: Tenant, password: str, send_mails: SendMails) -> None:
    client = visitor("acme", "trader")
    bad = client.post("/account/email/", {"email": NEW, "password": "wrong"})
    assert bad.status_code == 400 and b"The password is wrong." in bad.content
    sent = client.post("/account/email/", {"email": NEW, "password": password})
    assert sent["Location"] == "/account/email/confirm/"
    assert NEW.encode() in client.get("/account/email/").content
    assert client.post("/account/email/resend/").status_code == 302
    link = re.search(r"http://[^/]+(/account/email/confirm/\?code=\d+)", str(send_mails()[-1].body))
    assert link is not None
    page = client.get(link[1])
    assert page.context["form"]["otp"].value() == code_in(send_mails()[-1])
    assert client.post("/account/email/confirm/", {"otp": "000 000"}).status_code == 400
    done = client.post("/account/email/confirm/", {"otp": code_in(send_mails()[-1])})
    assert done["Location"] == "/account/email/"
    assert NEW.encode() in client.get("/account/email/").content
    token = undo_token_in(letter_to(send_mails(), OLD))
    stranger = visitor("acme")
    assert stranger.get(f"/account/email/undo/?token={token}").status_code == 200
    assert stranger.post("/account/email/undo/", {"token": token})["Location"] == "/password/reset/confirm/"
    assert client.get("/account/").status_code == 302
    with platform_context():
        assert User.objects.filter(email=OLD).exists()
