"""Passkeys through the API, with an authenticator in software that can lie about everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator

from shared_apps.access.actors import Actor
from shared_apps.core.context import tenant_context
from shared_apps.tenants import hosts
from shared_apps.tenants.models import Domain, Membership, Tenant
from shared_apps.users.models import Session, User
from tenant_apps.members.services import add_member
from tests.factors.devices import UP, Passkey, encode, enrol_passkey, enrol_totp
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("F25")
ACME, GLOBEX = "http://acme.localhost", "http://globex.localhost"


def own_passkey() -> Passkey:
    return Passkey(ACME, "acme.localhost")


def options(door: Api, **body: str) -> dict[str, Any]:
    answer = door.post("auth/mfa/webauthn/login/options/", body)
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = answer.json()
    return found


def log_in(door: Api, passkey: Passkey, **bent: Any) -> Any:
    given = options(door)
    body = {"ceremony": given["ceremony"], "credential": passkey.get(given["public_key"], **bent)}
    return door.post("auth/mfa/webauthn/login/", body)


def test_a_passkey_is_made_and_opens_the_account_alone(acme: Tenant, api: MakeApi) -> None:
    door, passkey = api("acme", "trader"), own_passkey()
    added = enrol_passkey(door, passkey)
    assert added.status_code == 201, added.content
    assert added.json()["factor"]["name"] == "Laptop" and len(added.json()["recovery_codes"]) == 10
    given = options(api("acme"))["public_key"]
    assert given["rpId"] == "acme.localhost" and given["userVerification"] == "required"
    assert "allowCredentials" not in given
    answer = log_in(api("acme"), passkey)
    assert answer.status_code == 200, answer.content
    assert answer.json()["user"]["email"] == "trader@acme.example.com"
    assert Authenticator.objects.get(type="webauthn").last_used_at is not None


def test_it_is_the_second_step_after_a_password(acme: Tenant, api: MakeApi) -> None:
    door, passkey = api("acme", "trader"), own_passkey()
    enrol_passkey(door, passkey)
    half = api("acme").post("auth/login/", {"email": "trader@acme.example.com", "password": door.password})
    assert half.status_code == 202 and half.json()["methods"] == ["webauthn", "recovery_code"]
    challenge = half.json()["challenge_token"]
    given = options(api("acme"), challenge_token=challenge)
    assert [each["id"] for each in given["public_key"]["allowCredentials"]] == [encode(passkey.credential_id)]
    body = {"challenge_token": challenge, "ceremony": given["ceremony"],
            "credential": passkey.get(given["public_key"])}  # fmt: skip
    assert api("acme").post("auth/mfa/authenticate/", body).status_code == 200
    assert api("acme").post("auth/mfa/authenticate/", body).status_code == 400


@pytest.mark.parametrize(
    "bent",
    [
        {"origin": GLOBEX}, {"origin": "https://acme.localhost"}, {"origin": "http://acme.localhost.evil.test"},
        {"origin": "http://evil.acme.localhost"}, {"type": "webauthn.create"}, {"challenge": encode(b"x" * 32)},
        {"rp_id": "localhost"}, {"rp_id": "globex.localhost"}, {"flags": UP}, {"flags": 0x04},
        {"handle": ""}, {"handle": encode(b"1")}, {"handle": encode("١".encode())}, {"handle": encode(b"x" * 70)},
    ],
)  # fmt: skip
def test_what_does_not_hold_opens_nothing(acme: Tenant, api: MakeApi, bent: dict[str, Any]) -> None:
    passkey = own_passkey()
    enrol_passkey(api("acme", "trader"), passkey)
    sessions = Session.objects.count()
    refused = log_in(api("acme"), passkey, **bent)
    assert refused.status_code == 400 and refused.json()["code"] == "auth.passkey_refused"
    assert Session.objects.count() == sessions
    assert log_in(api("acme"), passkey).status_code == 200


def test_another_key_under_the_same_name(acme: Tenant, api: MakeApi) -> None:
    passkey = own_passkey()
    enrol_passkey(api("acme", "trader"), passkey)
    forged = Passkey(ACME, "acme.localhost", credential_id=passkey.credential_id, handle=passkey.handle)
    forged.counter = 50
    assert log_in(api("acme"), forged).status_code == 400


def test_a_counter_that_does_not_grow_is_a_copied_key(acme: Tenant, api: MakeApi) -> None:
    passkey = own_passkey()
    enrol_passkey(api("acme", "trader"), passkey)
    assert log_in(api("acme"), passkey).status_code == 200
    passkey.counter -= 1
    assert log_in(api("acme"), passkey).status_code == 400
    assert log_in(api("acme"), passkey).status_code == 200


def test_an_answer_is_good_once_and_for_its_ceremony(acme: Tenant, api: MakeApi) -> None:
    passkey = own_passkey()
    enrol_passkey(api("acme", "trader"), passkey)
    given = options(api("acme"))
    body = {"ceremony": given["ceremony"], "credential": passkey.get(given["public_key"])}
    other = {**body, "ceremony": options(api("acme"))["ceremony"]}
    assert api("acme").post("auth/mfa/webauthn/login/", other).status_code == 400
    assert api("acme").post("auth/mfa/webauthn/login/", body).status_code == 200
    assert api("acme").post("auth/mfa/webauthn/login/", body).status_code == 400


@pytest.mark.req("F21")
def test_of_another_host_or_a_stranger(acme: Tenant, globex: Tenant, api: MakeApi, person: Callable[[str], User],
                                       settings: Any) -> None:  # fmt: skip
    """One relying party for all subdomains: each still asks for itself, and only lets its members in."""
    settings.BASE_DOMAIN = "tradehall.test"
    for slug in ("acme", "globex"):
        Domain.objects.filter(tenant__slug=slug).update(domain=f"{slug}.tradehall.test")
    hosts.forget()
    passkey = Passkey("http://acme.tradehall.test", "tradehall.test")
    doors = {}
    for slug in ("acme", "globex"):
        doors[slug] = api(slug)
        doors[slug].client.defaults["HTTP_HOST"] = f"{slug}.tradehall.test"
    doors["acme"].log_in("trader@acme.example.com")
    assert enrol_passkey(doors["acme"], passkey).status_code == 201
    doors["acme"].token = ""
    assert log_in(doors["acme"], passkey).status_code == 200
    passkey.origin = "http://globex.tradehall.test"
    assert log_in(doors["globex"], passkey).status_code == 400, "no member there"
    Membership.objects.create(user=person("trader@acme"), tenant=globex)
    with tenant_context(globex):
        add_member(actor=Actor.system("test", globex.schema_name), user=person("trader@acme"))
    assert log_in(doors["globex"], passkey).status_code == 200
    given = options(doors["acme"])
    stolen = {"ceremony": given["ceremony"], "credential": passkey.get(given["public_key"])}
    assert doors["acme"].post("auth/mfa/webauthn/login/", stolen).status_code == 400, (
        "made for globex's origin"
    )


@pytest.mark.parametrize("bent", [{"origin": GLOBEX}, {"rp_id": "globex.localhost"}, {"flags": UP},
                                  {"challenge": encode(b"x" * 32)}, {"type": "webauthn.get"}])  # fmt: skip
def test_a_passkey_that_was_made_elsewhere_is_not_kept(
    acme: Tenant, api: MakeApi, bent: dict[str, Any]
) -> None:
    door, passkey = api("acme", "trader"), own_passkey()
    given = door.post("auth/mfa/webauthn/options/").json()
    body = {
        "name": "x",
        "ceremony": given["ceremony"],
        "credential": passkey.create(given["public_key"], **bent),
    }
    refused = door.post("auth/mfa/webauthn/", body)
    assert refused.status_code == 400 and set(refused.json()["details"]) == {"credential"}
    assert Authenticator.objects.count() == 0


@pytest.mark.parametrize("nonsense", [{}, {"id": 1}, {"type": "public-key", "rawId": "?", "response": []},
                                      {"id": "a", "rawId": "a", "type": "public-key", "response": {}}])  # fmt: skip
def test_nonsense_is_refused_and_is_no_server_error(
    acme: Tenant, api: MakeApi, nonsense: dict[str, Any]
) -> None:
    given = options(api("acme"))
    body = {"ceremony": given["ceremony"], "credential": nonsense}
    assert api("acme").post("auth/mfa/webauthn/login/", body).status_code == 400
    door = api("acme", "trader")
    made = door.post("auth/mfa/webauthn/options/").json()
    body = {"name": "x", "ceremony": made["ceremony"], "credential": nonsense}
    assert door.post("auth/mfa/webauthn/", body).status_code == 400


def test_the_ones_that_exist_are_excluded_and_names_are_checked(acme: Tenant, api: MakeApi) -> None:
    door, passkey = api("acme", "trader"), own_passkey()
    enrol_passkey(door, passkey)
    given = door.post("auth/mfa/webauthn/options/").json()
    assert [each["id"] for each in given["public_key"]["excludeCredentials"]] == [
        encode(passkey.credential_id)
    ]
    body = {"name": "  ", "ceremony": given["ceremony"], "credential": passkey.create(given["public_key"])}
    refused = door.post("auth/mfa/webauthn/", body)
    assert refused.status_code == 400 and set(refused.json()["details"]) == {"name"}


def test_a_second_factor_adds_no_new_recovery_codes(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    enrol_totp(door)
    added = enrol_passkey(door, own_passkey())
    assert added.status_code == 201 and added.json()["recovery_codes"] == []
    assert [each["method"] for each in door.get("auth/mfa/").json()["factors"]] == ["totp", "webauthn"]
