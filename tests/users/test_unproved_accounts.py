"""Accounts whose address nobody has proved: whoever founds an organisation may type somebody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage

from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import Session, User
from tests.factors.devices import enrol_totp
from tests.support.pages import visitor
from tests.users.conftest import Api, code_in

MakeApi = Callable[..., Api]
SendMails = Callable[[], list[EmailMessage]]
pytestmark = pytest.mark.req("C22", "C40")
VICTIM = "victim@new.example.com"


@pytest.fixture
def made_by_a_stranger(acme: Tenant, password: str) -> User:
    with platform_context():
        return User.objects.create_user(VICTIM, VICTIM, password)


def join(send_mails: SendMails) -> tuple[int, str]:
    """The owner of the mailbox registers at acme by page; status and where it leads."""
    owner = visitor("acme")
    form = {"full_name": "Vic Tim", "email": VICTIM, "password": "victims-Passw0rd!"}
    assert owner.post("/register/", form).status_code == 302
    code = code_in(send_mails()[-1])
    answer = owner.post("/register/confirm/", {"email": VICTIM, "otp": code})
    return answer.status_code, answer.headers.get("Location", "")


def test_who_made_it_does_not_follow_its_owner_into_an_organisation(
    acme: Tenant, made_by_a_stranger: User, api: MakeApi, send_mails: SendMails
) -> None:
    stranger = api()
    assert stranger.log_in(VICTIM).status_code == 200
    assert join(send_mails) == (302, "/password/reset/")
    assert Membership.objects.filter(user=made_by_a_stranger, tenant=acme, is_active=True).exists()
    assert stranger.get("auth/user/").status_code == 401
    assert not Session.objects.filter(user=made_by_a_stranger, revoked_at=None).exists()
    assert api("acme").log_in(VICTIM).status_code == 400
    owner = visitor("acme")
    owner.post("/password/reset/", {"email": VICTIM})
    new = {"new_password1": "q-good-Passw0rd", "new_password2": "q-good-Passw0rd"}
    done = owner.post("/password/reset/confirm/", {"email": VICTIM, "otp": code_in(send_mails()[-1]), **new})
    assert done["Location"] == "/login/"
    assert owner.post("/login/", {"login": VICTIM, "password": "q-good-Passw0rd"}).status_code == 302


def test_a_second_factor_of_who_made_it_keeps_it_out(
    acme: Tenant, made_by_a_stranger: User, api: MakeApi, send_mails: SendMails
) -> None:
    stranger = api()
    stranger.log_in(VICTIM)
    enrol_totp(stranger)
    assert join(send_mails)[0] == 400
    assert not Membership.objects.filter(user=made_by_a_stranger, tenant=acme).exists()


def test_a_proved_account_keeps_its_password(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    owner = visitor("globex")
    email = "trader@acme.example.com"
    owner.post("/register/", {"full_name": "T", "email": email, "password": "another-Passw0rd!"})
    done = owner.post("/register/confirm/", {"email": email, "otp": code_in(send_mails()[-1])})
    assert done["Location"] == "/login/"
    assert api("globex").log_in(email).status_code == 200
