"""Joining by oneself (C26, C40): one answer for every address, no second account for anybody."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from shared_apps.core.context import current_schema, platform_context, tenant_context
from shared_apps.core.events import subscribe
from shared_apps.core.models import OutboxMessage
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.events import UserRegistered
from shared_apps.users.models import User
from tenant_apps.members.models import Member
from tests.users.conftest import Api, code_in

MakeApi = Callable[..., Api]
Person = Callable[[str], User]
SendMails = Callable[[], list[EmailMessage]]
GOOD = "quite-good-Passw0rd"
pytestmark = pytest.mark.req("F19", "C40", "S4-73")


def register(door: Api, email: str, **more: Any) -> Any:
    return door.post("auth/registration/", {"email": email, "password1": GOOD, "password2": GOOD, **more})


def verify(door: Api, email: str, code: str) -> Any:
    return door.post("auth/registration/verify-email/", {"email": email, "otp": code})


def counts(*tenants: Tenant) -> list[int]:
    numbers = [User.objects.count(), Membership.objects.count()]
    for tenant in tenants:
        with tenant_context(tenant):
            numbers.append(Member.objects.count())
    return numbers


@pytest.mark.req("C26", "S4-19", "S3-111", "C22", "S3-29", "S1-8")
def test_a_new_person_becomes_user_membership_and_member_by_the_code(
    acme: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    heard: list[tuple[str, str]] = []
    subscribe(UserRegistered, lambda event: heard.append((current_schema(), event.email)))
    before, door = counts(acme), api("acme")
    answer = register(door, "Nina@New.example.com", first_name="Nina", last_name="New")
    assert answer.status_code == 201
    assert counts(acme) == before and heard == []
    door.password = GOOD
    assert door.log_in("nina@new.example.com").status_code == 400
    (message,) = send_mails()
    code = code_in(message)
    link = f"http://acme.localhost/register/confirm/?email=nina%40new.example.com&code={code}"
    assert message.to == ["nina@new.example.com"] and link in str(message.body)
    assert door.log_in("nina@new.example.com").status_code == 400
    assert verify(door, "nina@NEW.example.com", f"{code[:3]} {code[3:]}").status_code == 200
    user = User.objects.get(email="nina@new.example.com")
    assert (user.role, user.username, user.is_active) == ("subscriber", "nina@new.example.com", True)
    assert user.check_password(GOOD) and user.password_updated is not None and user.tenant_id is None
    assert user.email_verified_at is not None
    assert Membership.objects.get(user=user).tenant == acme
    with tenant_context(acme):
        member = Member.objects.get(user_id=user.pk)
    assert (member.name, member.email, member.capabilities) == ("Nina New", "nina@new.example.com", ["buyer"])
    assert heard == [(acme.schema_name, "nina@new.example.com")]
    assert door.log_in("nina@new.example.com").status_code == 200


def test_one_password_field_is_enough(acme: Tenant, api: MakeApi, send_mails: SendMails) -> None:
    door = api("acme")
    assert (
        door.post("auth/registration/", {"email": "a@new.example.com", "password": GOOD}).status_code == 201
    )
    assert verify(door, "a@new.example.com", code_in(send_mails()[0])).status_code == 200


def test_the_platform_registers_people_without_a_tenant(
    acme: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    assert register(api(None), "nina@new.example.com").status_code == 201
    assert verify(api(None), "nina@new.example.com", code_in(send_mails()[0])).status_code == 200
    user = User.objects.get(email="nina@new.example.com")
    assert not Membership.objects.filter(user=user).exists()


@pytest.mark.parametrize(
    "email", ["trader@globex.example.com", "TRADER@globex.example.com", "trader@acme.example.com"]
)
def test_a_known_address_gets_the_same_answer_and_changes_nothing(
    acme: Tenant, globex: Tenant, api: MakeApi, person: Person, email: str
) -> None:
    before, known = counts(acme, globex), person("trader@globex").password
    new = register(api("acme"), "nina@new.example.com")
    answer = register(api("acme"), email)
    assert (answer.status_code, answer.content) == (new.status_code, new.content)
    assert counts(acme, globex) == before
    assert person("trader@globex").password == known


@pytest.mark.parametrize("email", ["nina@new.example.com", "trader@acme.example.com", "nobody@x.example.com"])
def test_resending_and_wrong_codes_say_nothing_of_the_address(
    acme: Tenant, api: MakeApi, send_mails: SendMails, email: str
) -> None:
    door = api("acme")
    for asked in ("nina@new.example.com", "trader@acme.example.com"):
        register(door, asked)
    send_mails()
    again = door.post("auth/registration/resend-email/", {"email": email})
    assert (again.status_code, list(again.json())) == (200, ["detail"])
    wrong = verify(door, email, "000000")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "auth.code_wrong")
    assert list(wrong.json()["details"]) == ["otp"]


def test_a_known_address_joins_by_the_mailed_code_and_keeps_its_password(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    email = "trader@globex.example.com"
    register(api("acme"), email)
    (message,) = send_mails()
    assert message.to == [email] and acme.name in message.subject
    code = code_in(message)
    assert api("acme").log_in(email).status_code == 400
    for host in ("globex", None):
        assert verify(api(host), email, code).status_code == 400
    assert verify(api("acme"), email, code).status_code == 200
    assert verify(api("acme"), email, code).status_code == 400
    assert api("acme").log_in(email).status_code == 200
    user = person("trader@globex")
    assert user.tenant == globex and user.memberships.count() == 2
    with tenant_context(acme):
        assert Member.objects.filter(user_id=user.pk).count() == 1


def test_a_code_does_not_bring_back_who_was_shut_out(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    register(api("acme"), "trader@globex.example.com")
    code = code_in(send_mails()[0])
    Membership.objects.create(user=person("trader@globex"), tenant=acme, is_active=False)
    assert verify(api("acme"), "trader@globex.example.com", code).status_code == 200
    assert not Membership.objects.get(user=person("trader@globex"), tenant=acme).is_active


def test_a_shut_account_gets_no_letter(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person
) -> None:
    User.objects.filter(pk=person("trader@acme").pk).update(is_active=False)
    assert register(api("acme"), "trader@acme.example.com").status_code == 201
    assert send_mails() == []


def test_a_member_is_told_that_they_have_an_account(
    acme: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    register(api("acme"), "trader@acme.example.com")
    (message,) = send_mails()
    assert "already have an account" in message.subject and "code=" not in str(message.body)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email": "x"}, "email"),
        ({"email": "a@b.example.com"}, "password1"),
        ({"email": "a@b.example.com", "password1": "short"}, "password1"),
        ({"email": "a@b.example.com", "password1": GOOD, "password2": "other"}, "password2"),
        ({"email": "a@b.example.com", "password1": GOOD, "username": "me@home"}, "username"),
        ({"email": "a@b.example.com", "password1": GOOD, "username": "with space"}, "username"),
        ({"email": "a@b.example.com", "password1": GOOD, "username": "tariq"}, "username"),
        ({"email": "a@b.example.com", "password1": GOOD, "first_name": "x" * 151}, "first_name"),
        ({"email": "a\x00@b.example.com", "password1": GOOD}, "email"),
    ],
)
def test_bad_bodies_name_their_field_and_write_nothing(
    acme: Tenant, api: MakeApi, person: Person, body: dict[str, str], field: str
) -> None:
    User.objects.filter(pk=person("trader@acme").pk).update(username="tariq")
    before = counts(acme)
    answer = api("acme").post("auth/registration/", body)
    assert answer.status_code == 400 and field in answer.json()["details"]
    assert counts(acme) == before and not OutboxMessage.objects.filter(task__startswith="users.").exists()


def test_nothing_else_in_the_body_counts(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    more = {"role": "superadmin", "is_staff": True, "tenant": globex.pk, "is_superuser": True, "id": 1,
            "capabilities": ["owner"], "email_verified_at": "2020-01-01"}  # fmt: skip
    assert register(api("acme"), "nina@new.example.com", **more).status_code == 201
    assert verify(api("acme"), "nina@new.example.com", code_in(send_mails()[0])).status_code == 200
    user = User.objects.get(email="nina@new.example.com")
    assert (user.role, user.is_staff, user.tenant_id) == ("subscriber", False, None)
    assert [membership.tenant_id for membership in user.memberships.all()] == [acme.pk]


@pytest.mark.parametrize("wanted", ["", "tariq"])
def test_a_name_that_was_taken_meanwhile_is_no_obstacle(
    acme: Tenant, api: MakeApi, send_mails: SendMails, person: Person, wanted: str
) -> None:
    register(api("acme"), "nina@new.example.com", username=wanted)
    User.objects.filter(pk=person("trader@acme").pk).update(username=wanted or "nina@new.example.com")
    assert verify(api("acme"), "nina@new.example.com", code_in(send_mails()[0])).status_code == 200
    name = User.objects.get(email="nina@new.example.com").username
    assert name.startswith((wanted or "nina") + "-")


def test_known_and_new_do_the_same_work(acme: Tenant, api: MakeApi) -> None:
    def statements(email: str) -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            assert register(api("acme"), email).status_code == 201
        words = [query["sql"].split()[:3] for query in queries]
        return [" ".join(word) for word in words if word[0] in ("INSERT", "SELECT", "UPDATE", "DELETE")]

    statements("first@new.example.com")
    assert statements("new@new.example.com") == statements("trader@globex.example.com")


def test_known_and_new_take_the_same_time(acme: Tenant, api: MakeApi, settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["tests.users.hashers.SlowEnough"]

    def seconds(email: str) -> float:
        start = time.thread_time()  # work, not waiting: other processes share this machine
        assert register(api("acme"), email).status_code == 201
        return time.thread_time() - start

    new, known = [], []
    for number in range(5):
        new.append(seconds(f"new{number}@new.example.com"))
        known.append(seconds("trader@globex.example.com"))
    assert 0.8 < min(known) / min(new) < 1.25


@pytest.mark.django_db(transaction=True)
def test_one_code_brought_twice_at_once_makes_one_account(api: MakeApi, send_mails: SendMails) -> None:
    with platform_context():
        register(api("acme"), "nina@new.example.com")
    code = code_in(send_mails()[0])
    answers: list[int] = []
    start = threading.Barrier(3)

    def send() -> None:
        start.wait()
        try:
            answers.append(verify(api("acme"), "nina@new.example.com", code).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 400, 400]
    with platform_context():
        assert User.objects.filter(email="nina@new.example.com").count() == 1


@pytest.mark.req("S3-111", "C22")
def test_a_code_brought_from_elsewhere_does_not_confirm_a_strangers_password(
    acme: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    """Mallory registers Nina's address; the letter's code in Nina's hands gives the account her password."""
    email, code = "nina@new.example.com", ""
    register(api("acme", REMOTE_ADDR="203.0.113.5"), email)
    code, nina = code_in(send_mails()[-1]), api("acme", REMOTE_ADDR="203.0.113.9")
    for _again in range(7):  # no try is counted: the code was right
        refused = verify(nina, email, code)
        assert (refused.status_code, refused.json()["code"]) == (400, "auth.registration_elsewhere")
        assert list(refused.json()["details"]) == ["password"]
    body = {"email": email, "otp": code}
    assert nina.post("auth/registration/verify-email/", {**body, "password": "password"}).status_code == 400
    assert not User.objects.filter(email=email).exists()
    own = {**body, "password": "Ninas-own-Passw0rd-2"}
    assert nina.post("auth/registration/verify-email/", own).status_code == 200
    made = User.objects.get(email=email)
    assert made.check_password("Ninas-own-Passw0rd-2") and not made.check_password(GOOD)


@pytest.mark.req("S3-111")
def test_the_registrations_token_binds_the_code_wherever_it_is_brought(
    acme: Tenant, globex: Tenant, api: MakeApi, send_mails: SendMails
) -> None:
    phone, moved = api("acme", REMOTE_ADDR="203.0.113.5"), api("acme", REMOTE_ADDR="203.0.113.9")
    email = "nina@new.example.com"
    token = register(phone, email)["X-Registration-Token"]
    assert register(phone, "owner@globex.example.com")["X-Registration-Token"]
    strangers = register(api("acme", REMOTE_ADDR="203.0.113.6"), email)["X-Registration-Token"]
    code = code_in(send_mails()[-1])
    body = {"email": email, "otp": code}
    for wrong, status in ((token, 400), ("x", 403)):
        answer = moved.post("auth/registration/verify-email/", {**body, "registration_token": wrong})
        assert answer.status_code == status, answer.content
    assert not User.objects.filter(email=email).exists()
    elsewhere = api("globex").post(
        "auth/registration/verify-email/", {**body, "registration_token": strangers}
    )
    assert elsewhere.status_code == 403
    again = {**body, "registration_token": strangers}
    assert moved.post("auth/registration/verify-email/", again).status_code == 200
    assert User.objects.get(email=email).check_password(GOOD)
