"""An account that somebody else had for a while, and what they leave behind in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone

from shared_apps.core.context import tenant_context
from shared_apps.factors import queries
from shared_apps.tenants.models import Tenant
from shared_apps.users import principals
from shared_apps.users.models import ApiToken, User
from tenant_apps.members.models import Member
from tests.factors.devices import enrol_totp
from tests.users.conftest import Api, code_in
from tests.users.test_api_tokens import make, program
from tests.users.test_email_change import NEW, OLD, ask, confirm, letter_to, undo_token_in

MakeApi = Callable[..., Api]
Person = Callable[[str], User]
SendMails = Callable[[], list[EmailMessage]]
pytestmark = pytest.mark.req("S1-8", "S3-111")
FURTHER = "further@new.example.com"


def change(door: Api, address: str, send_mails: SendMails) -> None:
    assert ask(door, address).status_code == 200
    assert confirm(door, code_in(letter_to(send_mails(), address))).status_code == 200


def undo(api: MakeApi, token: str) -> int:
    return int(api("acme").post("auth/email/change/undo/", {"token": token}).status_code)


def test_the_first_address_takes_back_what_was_changed_twice(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    user, door = person("trader@acme"), api("acme", "trader")
    change(door, NEW, send_mails)
    change(door, FURTHER, send_mails)
    first = undo_token_in(letter_to(send_mails(), OLD))
    second = undo_token_in(letter_to(send_mails(), NEW))
    assert undo(api, first) == 200
    user.refresh_from_db()
    assert (user.email, user.former_addresses, user.has_usable_password()) == (OLD, [], False)
    assert undo(api, second) == 403, "whoever had it meanwhile cannot take it again"
    assert undo(api, first) == 403
    user.refresh_from_db()
    assert user.email == OLD


def test_one_in_between_takes_it_back_to_itself(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    user, door = person("trader@acme"), api("acme", "trader")
    change(door, NEW, send_mails)
    change(door, FURTHER, send_mails)
    assert undo(api, undo_token_in(letter_to(send_mails(), NEW))) == 200
    user.refresh_from_db()
    assert user.email == NEW and [each[0] for each in user.former_addresses] == [OLD]


def test_addresses_of_longer_ago_are_forgotten(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    user, door = person("trader@acme"), api("acme", "trader")
    old = [["long@ago.example", (timezone.now() - timedelta(days=8)).isoformat()]]
    User.objects.filter(pk=user.pk).update(former_addresses=old)
    change(door, NEW, send_mails)
    user.refresh_from_db()
    assert [each[0] for each in user.former_addresses] == [OLD]


def test_tokens_and_later_factors_end_with_the_change(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    user, door = person("trader@acme"), api("acme", "trader")
    change(door, NEW, send_mails)
    enrol_totp(door)
    token = make(door, ["todos:read"])
    assert program(api, "acme", token).get("todos/").status_code == 200
    assert undo(api, undo_token_in(letter_to(send_mails(), OLD))) == 200
    assert program(api, "acme", token).get("todos/").status_code == 401
    assert not queries.authenticators(user.pk).exists()


def test_factors_of_before_stay(acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person) -> None:
    user, door = person("trader@acme"), api("acme", "trader")
    enrol_totp(door)
    change(door, NEW, send_mails)
    assert undo(api, undo_token_in(letter_to(send_mails(), OLD))) == 200
    assert queries.has_factor(user.pk)


@pytest.mark.req("F22")
def test_a_token_does_not_wake_up_with_an_account(acme: Tenant, api: MakeApi, person: Person) -> None:
    user = person("trader@acme")
    token, staff = make(api("acme", "trader"), ["todos:read"]), api(None, "superadmin")
    for is_active in (False, True):
        assert staff.patch(f"users/{user.pk}/", {"is_active": is_active}).status_code == 200
    principals.forget_everybody()
    assert program(api, "acme", token).get("todos/").status_code == 401


@pytest.mark.req("F22")
def test_a_token_does_not_wake_up_with_a_membership(
    acme: Tenant, globex: Tenant, api: MakeApi, person: Person
) -> None:
    user = person("trader@acme")
    token, owner = make(api("acme", "trader"), ["todos:read"]), api("acme", "owner")
    other = ApiToken.objects.get()
    other.pk, other.tenant, other.digest = None, None, "0" * 64
    ApiToken.objects.bulk_create([other])
    with tenant_context(acme):
        member = Member.objects.get(user_id=user.pk).pk
    for step in ("deactivate", "reactivate"):
        assert owner.post(f"members/{member}/{step}/").status_code == 200
    principals.forget_everybody()
    assert program(api, "acme", token).get("todos/").status_code == 401
    assert ApiToken.objects.get(tenant=None).revoked_at is None, "those of other hosts stay"
