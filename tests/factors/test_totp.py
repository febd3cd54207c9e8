"""Authenticator apps and recovery codes through the API: enrolment, the second step, replay, limits."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import caches
from django.db import connection

from audit.models import AuditEntry, AuditLog
from shared_apps.core.context import tenant_context
from shared_apps.core.crypto import UnsealError
from shared_apps.factors.sealing import seal_totp, unseal_totp
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.hosts import Client
from shared_apps.users.models import Session, User
from shared_apps.users.services import login
from tests.factors.devices import code_of, enrol_totp
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("F25")
TRADER = "trader@acme.example.com"


def begin(door: Api, email: str = TRADER) -> Any:
    return door.post("auth/login/", {"email": email, "password": door.password})


def finish(door: Api, challenge: str, **proof: Any) -> Any:
    return door.post("auth/mfa/authenticate/", {"challenge_token": challenge, **proof})


def test_set_up_and_the_state_that_the_api_tells(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    assert door.get("auth/mfa/").json() == {"factors": [], "recovery_codes_left": 0, "required": False}
    setup = door.post("auth/mfa/totp/setup/")
    assert setup["Cache-Control"] == "no-store"
    body = setup.json()
    assert body["otpauth_url"].startswith("otpauth://totp/Acme%20Trading%20Club%3Atrader%40acme")
    assert f"secret={body['secret']}" in body["otpauth_url"]
    assert body["qr_svg"].startswith("<svg") and "style" not in body["qr_svg"]
    assert Authenticator.objects.count() == 0
    wrong = door.post("auth/mfa/totp/", {"setup_token": body["setup_token"], "code": "000000"})
    assert wrong.status_code == 400 and set(wrong.json()["details"]) == {"code"}
    assert Authenticator.objects.count() == 0
    code = code_of(body["secret"])
    added = door.post(
        "auth/mfa/totp/", {"setup_token": body["setup_token"], "code": f"{code[:3]} {code[3:]}"}
    )
    assert added.status_code == 201 and added["Cache-Control"] == "no-store"
    assert len(set(added.json()["recovery_codes"])) == 10
    state = door.get("auth/mfa/").json()
    assert [factor["method"] for factor in state["factors"]] == ["totp"]
    assert state["recovery_codes_left"] == 10
    again = door.post("auth/mfa/totp/setup/")
    assert again.status_code == 409 and again.json()["code"] == "factor.totp_exists"


def test_what_is_secret_is_sealed_hashed_and_in_no_log(acme: Tenant, api: MakeApi, person: Callable[[str], User],
                                                       caplog: pytest.LogCaptureFixture) -> None:  # fmt: skip
    secret, codes = enrol_totp(api("acme", "trader"))
    user = person("trader@acme")
    totp = Authenticator.objects.get(type="totp")
    assert secret not in repr(totp.data) and unseal_totp(totp.data["secret"], user.pk) == secret
    with pytest.raises(UnsealError):
        unseal_totp(totp.data["secret"], person("buyer@acme").pk)
    stored = repr(Authenticator.objects.get(type="recovery_codes").data)
    assert not any(code in stored or code.replace("-", "") in stored for code in codes)
    logged = caplog.text
    for place in (None, acme):
        entries = [*AuditEntry.objects.values(), *AuditLog.objects.values()]
        if place is not None:
            with tenant_context(place):
                entries = [*AuditEntry.objects.values(), *AuditLog.objects.values()]
        logged += repr(entries)
    assert not any(text in logged for text in (secret, totp.data["secret"], *codes))
    entry = AuditEntry.objects.get(object_pk=str(totp.pk), content_type__model="authenticator")
    assert entry.changes["data"] == [None, "***"]
    with tenant_context(acme):
        assert AuditLog.objects.get(action="factors.factor_added").details["method"] == "totp"


@pytest.mark.req("S3-27")
def test_no_token_before_the_second_factor(acme: Tenant, api: MakeApi) -> None:
    """Attack table, row 14: the API's log-in demands it too."""
    secret, _codes = enrol_totp(api("acme", "trader"))
    door = api("acme")
    sessions = Session.objects.count()
    half = begin(door)
    assert half.status_code == 202
    body = half.json()
    assert set(body) == {"mfa_required", "challenge_token", "methods", "expires_in"}
    assert body["mfa_required"] is True and body["methods"] == ["totp", "recovery_code"]
    assert not half.cookies and Session.objects.count() == sessions
    door.token = body["challenge_token"]
    assert door.get("auth/user/").status_code == 401
    door.token = ""
    whole = finish(door, body["challenge_token"], code=code_of(secret))
    assert whole.status_code == 200, whole.content
    assert whole.json()["user"]["email"] == TRADER and set(whole.json()) == {
        "access", "refresh", "access_token", "refresh_token", "user"
    }  # fmt: skip
    door.token = whole.json()["access"]
    assert door.get("auth/user/").status_code == 200
    assert finish(api("acme"), body["challenge_token"], code=code_of(secret, ahead=1)).status_code == 400


def test_a_code_opens_once(acme: Tenant, api: MakeApi) -> None:
    secret, _codes = enrol_totp(api("acme", "trader"))
    code = code_of(secret)
    first, second = begin(api("acme")).json(), begin(api("acme")).json()
    assert finish(api("acme"), first["challenge_token"], code=code).status_code == 200
    replayed = finish(api("acme"), second["challenge_token"], code=code)
    assert replayed.status_code == 400 and replayed.json()["code"] == "factor.wrong_code"
    assert finish(api("acme"), second["challenge_token"], code=code_of(secret, ahead=1)).status_code == 200


def test_a_recovery_code_opens_once_and_new_ones_replace_them(acme: Tenant, api: MakeApi) -> None:
    _secret, codes = enrol_totp(api("acme", "trader"))
    door = api("acme")
    assert finish(door, begin(door).json()["challenge_token"], code=codes[0].upper()).status_code == 200
    assert finish(door, begin(door).json()["challenge_token"], code=codes[0]).status_code == 400
    with tenant_context(acme):
        assert AuditLog.objects.get(action="factors.recovery_code_used").details["left"] == 9
    answer = finish(door, begin(door).json()["challenge_token"], code=codes[1])
    door.token = answer.json()["access"]
    made = door.post("auth/mfa/recovery-codes/")
    assert made.status_code == 201 and len(made.json()["recovery_codes"]) == 10
    assert finish(api("acme"), begin(api("acme")).json()["challenge_token"], code=codes[2]).status_code == 400
    fresh = made.json()["recovery_codes"][0]
    assert finish(api("acme"), begin(api("acme")).json()["challenge_token"], code=fresh).status_code == 200


def test_five_wrong_answers_end_a_challenge(acme: Tenant, api: MakeApi) -> None:
    secret, _codes = enrol_totp(api("acme", "trader"))
    challenge = begin(api("acme")).json()["challenge_token"]
    for _each in range(5):
        assert finish(api("acme"), challenge, code="000000").status_code == 400
    over = finish(api("acme"), challenge, code=code_of(secret))
    assert over.status_code == 400 and over.json()["code"] == "auth.challenge_not_valid"
    with tenant_context(acme):
        assert AuditLog.objects.filter(action="factors.second_factor_failed").count() >= 1


def test_guessing_ends_in_429_whatever_the_address(acme: Tenant, api: MakeApi, settings: Any) -> None:
    """Who has the password and many addresses guesses ten codes a minute, not a million."""
    secret, _codes = enrol_totp(api("acme", "trader"))
    challenges = [begin(api("acme")).json()["challenge_token"] for _each in range(4)]
    settings.THROTTLE_FACTOR, settings.VALKEY_PREFIX = 1, f"guessing-{uuid4()}"
    statuses = []
    for number in range(12):
        door = api("acme", REMOTE_ADDR=f"198.51.100.{number}")
        statuses.append(finish(door, challenges[number // 4], code="000000").status_code)
    assert statuses == [400] * 10 + [429] * 2
    late = finish(api("acme", REMOTE_ADDR="198.51.100.99"), challenges[3], code=code_of(secret))
    assert late.status_code == 429 and int(late["Retry-After"]) > 0


@pytest.mark.req("F21")
def test_a_challenge_belongs_to_its_host(acme: Tenant, globex: Tenant, api: MakeApi) -> None:
    secret, _codes = enrol_totp(api("acme", "trader"))
    challenge = begin(api("acme")).json()["challenge_token"]
    for slug in ("globex", None):
        refused = finish(api(slug), challenge, code=code_of(secret))
        assert refused.status_code == 400 and refused.json()["code"] == "auth.challenge_not_valid"
    assert finish(api("acme"), challenge, code=code_of(secret)).status_code == 200


def test_who_is_shut_out_between_the_steps_stays_out(
    acme: Tenant, api: MakeApi, person: Callable[[str], User]
) -> None:
    secret, _codes = enrol_totp(api("acme", "trader"))
    challenge = begin(api("acme")).json()["challenge_token"]
    Membership.objects.filter(user=person("trader@acme")).update(is_active=False)
    assert finish(api("acme"), challenge, code=code_of(secret)).status_code == 400


def test_a_challenge_is_over_when_it_is_forgotten(acme: Tenant, api: MakeApi) -> None:
    secret, _codes = enrol_totp(api("acme", "trader"))
    challenge = begin(api("acme")).json()["challenge_token"]
    caches["host"].clear()
    assert finish(api("acme"), challenge, code=code_of(secret)).status_code == 400
    assert finish(api("acme"), "x" * 43, code="1").status_code == 400


def test_no_door_can_forget_the_second_factor(
    acme: Tenant, api: MakeApi, person: Callable[[str], User]
) -> None:
    """Sessions are opened in one place, which refuses."""
    enrol_totp(api("acme", "trader"))
    user = person("trader@acme")
    with pytest.raises(Exception, match="second factor"):
        login.open_api_session(user=user, client=Client(), tenant=acme)
    with pytest.raises(Exception, match="second factor"):
        login.open_browser_session(user=user, client=Client(), tenant=acme, seconds=60)


def test_a_wrong_password_does_not_tell_that_a_factor_is_due(acme: Tenant, api: MakeApi) -> None:
    enrol_totp(api("acme", "trader"))
    door = api("acme")
    with_factor = door.post("auth/login/", {"email": TRADER, "password": "wrong"})
    without = door.post("auth/login/", {"email": "buyer@acme.example.com", "password": "wrong"})
    bodies = [{**answer.json(), "request_id": ""} for answer in (with_factor, without)]
    assert bodies[0] == bodies[1] and with_factor.status_code == 400


def test_the_set_up_is_the_sessions_own(acme: Tenant, api: MakeApi) -> None:
    body = api("acme", "trader").post("auth/mfa/totp/setup/").json()
    other = api("acme", "buyer").post(
        "auth/mfa/totp/", {"setup_token": body["setup_token"], "code": code_of(body["secret"])}
    )
    assert other.status_code == 403 and Authenticator.objects.count() == 0


def test_removing_the_last_factor_takes_the_recovery_codes_too(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    enrol_totp(door)
    row = door.get("auth/mfa/").json()["factors"][0]["id"]
    assert api("acme", "buyer").delete(f"auth/mfa/{row}/").status_code == 404
    codes = Authenticator.objects.get(type="recovery_codes")
    assert door.delete(f"auth/mfa/{codes.pk}/").status_code == 404
    assert door.delete(f"auth/mfa/{row}/").status_code == 204
    assert Authenticator.objects.count() == 0
    assert begin(api("acme")).status_code == 200


def test_recovery_codes_need_a_factor(acme: Tenant, api: MakeApi) -> None:
    answer = api("acme", "trader").post("auth/mfa/recovery-codes/")
    assert answer.status_code == 403 and answer.json()["code"] == "factor.none"
    assert Authenticator.objects.count() == 0


def test_keys_are_rotated_like_all_sealed_columns(acme: Tenant, person: Callable[[str], User]) -> None:
    from shared_apps.core.crypto.columns import sealed_columns

    column = next(column for column in sealed_columns() if column.model == "mfa.Authenticator")
    row = Authenticator(
        user=person("trader@acme"), type="totp", data={"secret": seal_totp("A", 1), "last_counter": 0}
    )
    assert column.read(row) == row.data["secret"] and column.row == "user_id"


def test_what_changes_the_security_of_an_account_is_told_by_mail(
    acme: Tenant, api: MakeApi, send_mails: Callable[[], Any]
) -> None:
    door = api("acme", "trader")
    _secret, codes = enrol_totp(door)
    begun = begin(api("acme")).json()["challenge_token"]
    assert finish(api("acme"), begun, code=codes[0]).status_code == 200
    door.post("auth/api-tokens/", {"name": "Night report", "scopes": ["todos:read"]})
    door.post("auth/mfa/recovery-codes/")
    door.delete(f"auth/mfa/{door.get('auth/mfa/').json()['factors'][0]['id']}/")
    mails = [mail for mail in send_mails() if "security of your account" in mail.subject]
    told = ["a second factor was added", "9 are left", "an API token was made: Night report",
            "new recovery codes were made", "a second factor was removed"]  # fmt: skip
    assert len(mails) == len(told) and all(mail.to == [TRADER] for mail in mails)
    for text in told:
        assert sum(text in mail.body for mail in mails) == 1, text
    assert all("http://acme.localhost/security/" in mail.body for mail in mails)
    assert not any(code in mail.body for mail in mails for code in codes)


def test_the_same_code_at_the_same_moment_opens_once(
    transactional_db: None, api: MakeApi, settings: Any
) -> None:
    """Two requests race with one code: the row's lock lets one of them have it."""
    secret, _codes = enrol_totp(api("acme", "trader"))
    challenges = [begin(api("acme")).json()["challenge_token"] for _each in range(4)]
    code, start, statuses = code_of(secret), Barrier(4), []

    def show(challenge: str) -> None:
        try:
            start.wait()
            statuses.append(finish(api("acme"), challenge, code=code).status_code)
        finally:
            connection.close()

    threads = [Thread(target=show, args=(challenge,)) for challenge in challenges]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [200, 400, 400, 400]
