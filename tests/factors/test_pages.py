"""Setting up, logging in and getting in without the device, by page."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Session
from tests.factors.devices import Passkey, code_of, enrol_passkey, enrol_totp
from tests.support.pages import visitor
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("F25")
TRADER = "trader@acme.example.com"


def field(answer: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, name
    return found[1]


def start(client: Client, password: str, target: str = "/members/") -> Any:
    return client.post("/login/", {"login": TRADER, "password": password, "next": target})


def test_an_app_is_set_up_by_page(acme: Tenant) -> None:
    client = visitor("acme", "trader")
    assert "protected by its password alone" in client.get("/security/").content.decode()
    form = client.get("/security/totp/")
    text = form.content.decode()
    assert form["Cache-Control"] == "no-store" and "<svg" in text
    secret, token = re.search(r'id="totp-secret">([A-Z2-7]+)<', text)[1], field(form, "setup_token")  # type: ignore[index]
    wrong = client.post("/security/totp/", {"setup_token": token, "code": "000000"})
    assert wrong.status_code == 400 and "This code is wrong" in wrong.content.decode()
    assert secret in wrong.content.decode(), "the same key again: the app has it already"
    done = client.post("/security/totp/", {"setup_token": token, "code": code_of(secret)})
    codes = re.findall(r"<li><code>([^<]+)</code>", done.content.decode())
    assert done.status_code == 200 and len(codes) == 10
    page = client.get("/security/").content.decode()
    assert "10 codes are left" in page and not any(code in page for code in codes)
    row = Authenticator.objects.get(type="totp")
    assert client.get(f"/security/factors/{row.pk}/remove/").status_code == 302
    assert Authenticator.objects.filter(type="totp").exists()
    assert client.post(f"/security/factors/{row.pk}/remove/").status_code == 302
    assert Authenticator.objects.count() == 0


def test_the_second_step_by_code(acme: Tenant, api: MakeApi, password: str) -> None:
    secret, _codes = enrol_totp(api("acme", "trader"))
    client = visitor("acme")
    sessions = Session.objects.count()
    half = start(client, password)
    assert (half.status_code, half["Location"]) == (302, "/login/second/?next=%2Fmembers%2F")
    assert Session.objects.count() == sessions
    assert client.get("/members/").status_code == 302, "half a log-in opens nothing"
    form = client.get(half["Location"])
    assert form.status_code == 200 and form["Cache-Control"] == "no-store"
    wrong = client.post("/login/second/", {"code": "000000", "next": "/members/"})
    assert wrong.status_code == 400 and "This code is wrong" in wrong.content.decode()
    done = client.post("/login/second/", {"code": code_of(secret), "next": "/members/"})
    assert (done.status_code, done["Location"]) == (302, "/members/")
    assert client.get("/members/").status_code == 200
    assert client.get("/login/second/").status_code == 302


def test_five_wrong_codes_lead_back_to_the_log_in(acme: Tenant, api: MakeApi, password: str) -> None:
    secret, _codes = enrol_totp(api("acme", "trader"))
    client = visitor("acme")
    start(client, password)
    for _each in range(5):
        client.post("/login/second/", {"code": "000000"})
    over = client.post("/login/second/", {"code": code_of(secret)})
    assert over.status_code == 302 and over["Location"].startswith("/login/?")
    assert "Log in again" in client.get(over["Location"]).content.decode()
    assert client.get("/members/").status_code == 302


def test_the_second_step_belongs_to_its_browser(acme: Tenant, api: MakeApi, password: str) -> None:
    secret, _codes = enrol_totp(api("acme", "trader"))
    start(visitor("acme"), password)
    stranger = visitor("acme")
    answer = stranger.post("/login/second/", {"code": code_of(secret)})
    assert answer.status_code == 302 and answer["Location"].startswith("/login/")
    assert stranger.get("/members/").status_code == 302


def test_a_recovery_code_by_page(acme: Tenant, api: MakeApi, password: str) -> None:
    _secret, codes = enrol_totp(api("acme", "trader"))
    client = visitor("acme")
    start(client, password)
    assert client.post("/login/second/", {"code": codes[3]}).status_code == 302
    assert "9 codes are left" in client.get("/security/").content.decode()
    made = client.post("/security/recovery-codes/")
    assert len(re.findall(r"<li><code>", made.content.decode())) == 10


def test_a_passkey_by_page(acme: Tenant, api: MakeApi, password: str) -> None:
    passkey = Passkey("http://acme.localhost", "acme.localhost")
    door = api("acme", "trader")
    enrol_passkey(door, passkey)

    def answer(**body: str) -> dict[str, str]:
        given = api("acme").post("auth/mfa/webauthn/login/options/", body).json()
        return {"ceremony": given["ceremony"], "credential": json.dumps(passkey.get(given["public_key"]))}

    alone = visitor("acme")
    done = alone.post("/login/passkey/", {**answer(), "next": "/members/"})
    assert (done.status_code, done["Location"]) == (302, "/members/")
    assert alone.get("/members/").status_code == 200
    second = visitor("acme")
    start(second, password)
    challenge = re.search(r'data-challenge="([^"]+)"', second.get("/login/second/").content.decode())
    assert challenge is not None
    done = second.post("/login/second/", {**answer(challenge_token=challenge[1]), "next": "/members/"})
    assert (done.status_code, done["Location"]) == (302, "/members/")


@pytest.mark.parametrize("credential", ["", "{", "[]", "7", '{"id": 1}', "[" * 5000])
def test_nonsense_for_a_passkey_is_told_and_changes_nothing(acme: Tenant, credential: str) -> None:
    client = visitor("acme")
    answer = client.post("/login/passkey/", {"ceremony": "x", "credential": credential})
    assert answer.status_code == 302 and answer["Location"].startswith("/login/")
    assert client.get("/members/").status_code == 302
    member = visitor("acme", "trader")
    refused = member.post("/security/passkeys/add/", {"name": "x", "ceremony": "x", "credential": credential})
    assert refused.status_code == 400 and Authenticator.objects.count() == 0


def test_a_persona_of_the_demo_needs_the_second_step_too(acme: Tenant, api: MakeApi, settings: Any) -> None:
    enrol_totp(api("acme", "trader"))
    settings.ENVIRONMENT = "development"
    answer = visitor("acme").post("/login/", {"persona": TRADER})
    assert answer["Location"].startswith("/login/second/")


def test_both_hosts_have_the_pages(acme: Tenant) -> None:
    for client in (visitor(None, "superadmin"), visitor("acme", "auditor")):
        for path in ("/security/", "/security/totp/", "/security/passkeys/add/", "/security/confirm/"):
            assert client.get(path).status_code == 200, path
