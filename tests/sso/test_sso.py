"""Logging in by an organisation's identity provider, which may lie about everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from audit.models import AuditEntry, AuditLog
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.sso import rules
from shared_apps.sso.models import ExternalIdentity, IdentityProvider
from shared_apps.sso.sealing import unseal_secret
from shared_apps.tenants.models import Domain, Membership, Tenant
from shared_apps.users.models import Session, User
from tests.factors.devices import enrol_totp
from tests.sso.provider import Provider, new_key, running_provider
from tests.support.pages import visitor
from tests.users.conftest import Api, api

__all__ = ["api"]
MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("F26")
CALLBACK = "http://acme.localhost/login/sso/callback/"


@pytest.fixture
def provider(acme: Tenant, api: MakeApi) -> Iterator[Provider]:
    """Acme's own provider, named by its owner through the API; acme.example.com is proved to be acme's."""
    Domain.objects.create(tenant=acme, domain="acme.example.com", is_primary=False)
    with running_provider() as running:
        running.redirect_uris.add(CALLBACK)
        made = api("acme", "owner").put("identity-provider/", body_of(running))
        assert made.status_code == 200, made.content
        yield running
        assert running.complaints == []


def body_of(provider: Provider, **changes: Any) -> dict[str, Any]:
    return {"name": "Acme ID", "issuer": provider.issuer, "client_id": provider.client_id,
            "client_secret": provider.client_secret, "is_active": True, **changes}  # fmt: skip


@pytest.fixture(autouse=True)
def _put(monkeypatch: pytest.MonkeyPatch) -> None:
    def put(self: Api, path: str, body: Any, **headers: str) -> Any:
        return self._send("put", path, body, **headers)

    monkeypatch.setattr(Api, "put", put, raising=False)


def go(client: Client, target: str = "/members/") -> Any:
    """All the way: to the provider and back; the answer of the callback."""
    sent = client.get("/login/sso/", {"next": target})
    assert sent.status_code == 302, sent.content
    back = httpx.get(sent["Location"], follow_redirects=False, trust_env=False)
    assert back.status_code == 302
    came = urlsplit(back.headers["location"])
    return client.get(f"{came.path}?{came.query}")


def refused(client: Client, answer: Any, text: str) -> None:
    assert answer.status_code == 302 and answer["Location"].startswith("/login/?next="), answer
    assert text in client.get(answer["Location"]).content.decode()
    assert client.get("/members/").status_code == 302, "nobody is logged in"


def test_a_member_logs_in_and_is_known_by_the_subject_afterwards(
    provider: Provider, acme: Tenant, person: Callable[[str], User]
) -> None:
    client = visitor("acme")
    assert "Log in with Acme ID" in client.get("/login/").content.decode()
    done = go(client)
    assert (done.status_code, done["Location"]) == (302, "/members/")
    assert client.get("/members/").status_code == 200
    identity = ExternalIdentity.objects.get()
    assert (identity.user, identity.subject) == (person("trader@acme"), "subject-1")
    with tenant_context(acme):
        assert AuditLog.objects.get(action="sso.identity_linked").target_id == identity.user_id
    provider.claims = {"email": "Renamed@sub.acme.example.com"}
    again = visitor("acme")
    assert go(again)["Location"] == "/members/"
    assert Session.objects.filter(user=identity.user, revoked_at=None).count() == 2
    assert ExternalIdentity.objects.count() == 1


LIES: dict[str, dict[str, Any]] = {
    "nonce": {"reason": "nonce", "claims": {"nonce": "other"}},
    "no nonce": {"reason": "nonce", "claims": {"nonce": None}},
    "issuer": {"reason": "token", "claims": {"iss": "https://evil.example"}},
    "audience": {"reason": "token", "claims": {"aud": "somebody else"}},
    "second audience": {"reason": "azp", "claims": {"aud": ["tradehall client", "other"], "azp": "other"}},
    "expired": {"reason": "token", "claims": {"exp": 1_000_000_000}},
    "no expiry": {"reason": "token", "claims": {"exp": None}},
    "issued tomorrow": {"reason": "token", "claims": {"iat": 9_000_000_000, "exp": 9_000_000_300}},
    "no subject": {"reason": "token", "claims": {"sub": None}},
    "empty subject": {"reason": "subject", "claims": {"sub": ""}},
    "number for a subject": {"reason": "token", "claims": {"sub": 7}},
    "no algorithm": {"reason": "algorithm", "algorithm": "none"},
    "shared secret": {
        "reason": "algorithm",
        "algorithm": "HS256",
        "signing_key": "s3cret/+ä:% and more than 32 bytes of it",
    },
    "another key": {"reason": "token", "signing_key": new_key()},
    "no token": {"reason": "token", "answers": {"/token": (200, b'{"access_token": "x"}')}},
    "no json": {"reason": "network", "answers": {"/token": (200, b"<html>")}},
    "a list": {"reason": "token", "answers": {"/token": (200, b"[]")}},
    "garbage": {"reason": "token", "answers": {"/token": (200, b'{"id_token": "a.b.c"}')}},
    "huge": {"reason": "network", "answers": {"/token": (200, b'"' + b"x" * 400_000 + b'"')}},
    "broken": {"reason": "network", "answers": {"/token": (500, b"{}")}},
    "redirect": {"reason": "network", "answers": {"/token": (307, b"http://127.0.0.1:9/token")}},
    "keys are none": {"reason": "keys", "answers": {"/keys": (200, b'{"keys": 1}')}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_provider_that_lies_opens_nothing(provider: Provider, acme: Tenant, lie: str) -> None:
    lies = dict(LIES[lie])
    reason = lies.pop("reason")
    for name, value in lies.items():
        setattr(provider, name, value)
    sessions = Session.objects.count()
    client = visitor("acme")
    answer = go(client)
    assert answer.status_code == 302 and answer["Location"].startswith("/login/?next=")
    assert client.get("/members/").status_code == 302
    assert Session.objects.count() == sessions and not ExternalIdentity.objects.exists()
    with tenant_context(acme):
        assert AuditLog.objects.get(action="sso.identity_refused").details["reason"] == reason


@pytest.mark.parametrize("verified", [False, None, "true", 1])
def test_an_address_that_nobody_confirmed_takes_over_no_account(provider: Provider, verified: Any) -> None:
    provider.claims = {"email_verified": verified}
    client = visitor("acme")
    refused(client, go(client), "has not confirmed your e-mail")
    assert not ExternalIdentity.objects.exists()


@pytest.mark.parametrize(
    "email",
    ["superadmin@example.com", "owner@globex.example.com", "trader@evilacme.example.com",
     "trader@acme.example.com.evil.test", "trader@acme.example.com@evil.test", "acme.example.com", ""],
)  # fmt: skip
def test_identities_outside_the_verified_domains_are_refused(
    provider: Provider, acme: Tenant, email: str
) -> None:
    provider.claims = {"email": email}
    client = visitor("acme")
    answer = go(client)
    assert answer["Location"].startswith("/login/?next=")
    assert client.get("/members/").status_code == 302
    assert not ExternalIdentity.objects.exists()
    with tenant_context(acme):
        assert AuditLog.objects.filter(action="sso.identity_refused").count() == 1


def test_a_domain_that_was_taken_back_closes_the_way(provider: Provider) -> None:
    assert go(visitor("acme"))["Location"] == "/members/"
    Domain.objects.filter(domain="acme.example.com").delete()
    client = visitor("acme")
    refused(client, go(client), "not of a domain of this organisation")


def test_nobody_is_made_a_member(provider: Provider, acme: Tenant) -> None:
    User.objects.create_user("stranger", "stranger@acme.example.com", "x-Passw0rd!")
    for email in ("stranger@acme.example.com", "unknown@acme.example.com"):
        provider.claims = {"email": email, "sub": email}
        client = visitor("acme")
        refused(client, go(client), "You are no member here yet")
    assert not ExternalIdentity.objects.exists()
    assert Membership.objects.filter(tenant=acme).count() == 7


def test_who_was_shut_out_stays_out(provider: Provider, acme: Tenant, person: Callable[[str], User]) -> None:
    assert go(visitor("acme"))["Location"] == "/members/"
    Membership.objects.filter(user=person("trader@acme"), tenant=acme).update(is_active=False)
    client = visitor("acme")
    refused(client, go(client), "You are no member here yet")


def test_another_subject_with_the_same_address_is_no_take_over(provider: Provider) -> None:
    assert go(visitor("acme"))["Location"] == "/members/"
    provider.claims = {"sub": "somebody-new"}
    client = visitor("acme")
    refused(client, go(client), "linked to another identity")


def test_only_the_browser_that_began_may_finish(provider: Provider) -> None:
    """Log-in CSRF: the attacker's own code, brought into a victim's browser."""
    attacker, victim = visitor("acme"), visitor("acme")
    sent = attacker.get("/login/sso/")
    back = urlsplit(httpx.get(sent["Location"], trust_env=False).headers["location"])
    refused(victim, victim.get(f"{back.path}?{back.query}"), "begun in another browser")
    victim.get("/login/sso/")
    refused(victim, victim.get(f"{back.path}?{back.query}"), "begun in another browser")


def test_a_state_and_a_code_are_good_once(provider: Provider) -> None:
    client = visitor("acme")
    sent = client.get("/login/sso/")
    back = urlsplit(httpx.get(sent["Location"], trust_env=False).headers["location"])
    state = parse_qs(back.query)["state"][0]
    assert client.get(f"{back.path}?{back.query}")["Location"] == "/"
    client.post("/logout/")
    refused(client, client.get(f"{back.path}?{back.query}"), "begun in another browser")
    session = client.session
    session["sso_login"] = [state, "/"]
    session.save()
    assert client.get(f"{back.path}?{back.query}")["Location"].startswith("/login/")


def test_a_refusal_of_the_provider_is_told(provider: Provider) -> None:
    client = visitor("acme")
    sent = client.get("/login/sso/")
    state = parse_qs(urlsplit(sent["Location"]).query)["state"][0]
    answer = client.get(f"/login/sso/callback/?error=access_denied&state={state}")
    refused(client, answer, "did not let you through")


def test_a_dead_provider_leaves_the_password(provider: Provider, password: str) -> None:
    caches["host"].clear()
    provider.answers["/.well-known/openid-configuration"] = (503, b"")
    client = visitor("acme")
    answer = client.get("/login/sso/")
    refused(client, answer, "does not answer")
    done = client.post("/login/", {"login": "trader@acme.example.com", "password": password})
    assert done.status_code == 302 and done["Location"] == "/"


def test_keys_that_the_provider_changed_are_fetched_once_more(provider: Provider) -> None:
    assert go(visitor("acme"))["Location"] == "/members/"
    provider.key, provider.key_id = new_key(), "two"
    assert go(visitor("acme"))["Location"] == "/members/"
    assert provider.asked.count("/keys") == 2


@pytest.mark.req("F25")
def test_ones_own_second_factor_is_asked_for_too(provider: Provider, api: MakeApi) -> None:
    enrol_totp(api("acme", "trader"))
    client = visitor("acme")
    assert go(client)["Location"] == "/login/second/?next=%2Fmembers%2F"
    assert client.get("/members/").status_code == 302


@pytest.mark.req("F21")
def test_another_organisation_has_none_of_it(provider: Provider, globex: Tenant) -> None:
    client = visitor("globex")
    assert "Acme ID" not in client.get("/login/").content.decode()
    assert client.get("/login/sso/").status_code == 404


# --- Naming the provider ----------------------------------------------------------------------------


def test_the_secret_goes_in_and_never_comes_out(provider: Provider, acme: Tenant, api: MakeApi) -> None:
    owner = api("acme", "owner")
    body = owner.get("identity-provider/").json()
    assert body == {"name": "Acme ID", "issuer": provider.issuer, "client_id": provider.client_id,
                    "is_active": True, "verified_domains": ["acme.example.com"]}  # fmt: skip
    row = IdentityProvider.objects.get()
    assert provider.client_secret not in row.client_secret
    assert unseal_secret(row.client_secret, acme.pk) == provider.client_secret
    entry = AuditEntry.objects.get(object_pk=str(row.pk), content_type__model="identityprovider")
    assert entry.changes["client_secret"] == [None, "***"]
    kept = owner.put("identity-provider/", body_of(provider, client_secret="", name="New"))  # type: ignore[attr-defined]
    assert kept.status_code == 200
    assert go(visitor("acme"))["Location"] == "/members/"
    page = visitor("acme", "owner").get("/settings/sign-in/").content.decode()
    assert provider.client_secret not in page and CALLBACK in page


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"issuer": "http://127.0.0.1:9"}, "issuer"), ({"issuer": "ftp://x.example"}, "issuer"),
        ({"issuer": "http://user:pass@127.0.0.1"}, "issuer"), ({"name": ""}, "name"),
        ({"client_id": ""}, "client_id"),
    ],
)  # fmt: skip
def test_wrong_input_names_its_field_and_changes_nothing(
    provider: Provider, api: MakeApi, changes: dict[str, Any], field: str
) -> None:
    before = IdentityProvider.objects.values().get()
    answer = api("acme", "owner").put("identity-provider/", body_of(provider, **changes))  # type: ignore[attr-defined]
    assert answer.status_code == 400 and set(answer.json()["details"]) == {field}, answer.content
    assert IdentityProvider.objects.values().get() == before


def test_a_description_of_another_issuer_is_refused(provider: Provider, api: MakeApi) -> None:
    provider.description = {"issuer": "https://accounts.example"}
    answer = api("acme", "owner").put("identity-provider/", body_of(provider))  # type: ignore[attr-defined]
    assert answer.status_code == 400 and "names another issuer" in answer.json()["message"]


@pytest.mark.parametrize(
    "issuer",
    ["http://127.0.0.1:8000", "https://127.0.0.1", "https://localhost", "https://[::1]", "https://10.0.0.7",
     "https://169.254.169.254/latest", "https://0x7f000001", "https://127.1"],
)  # fmt: skip
def test_in_production_the_server_is_not_led_into_its_own_network(
    provider: Provider, api: MakeApi, settings: Any, issuer: str
) -> None:
    settings.SSO_ALLOW_PRIVATE_PROVIDERS = False
    provider.asked.clear()
    answer = api("acme", "owner").put("identity-provider/", body_of(provider, issuer=issuer))  # type: ignore[attr-defined]
    assert answer.status_code == 400 and set(answer.json()["details"]) == {"issuer"}
    assert provider.asked == []


def test_without_a_domain_of_its_own_nobody_can_log_in_that_way(globex: Tenant, api: MakeApi) -> None:
    with running_provider() as other:
        owner = api("globex", "owner")
        refused_now = owner.put("identity-provider/", body_of(other))  # type: ignore[attr-defined]
        assert refused_now.status_code == 400 and set(refused_now.json()["details"]) == {"is_active"}
        assert owner.put("identity-provider/", body_of(other, is_active=False)).status_code == 200  # type: ignore[attr-defined]
    assert visitor("globex").get("/login/sso/").status_code == 404


def test_another_issuer_forgets_whom_the_old_one_linked(provider: Provider, api: MakeApi) -> None:
    go(visitor("acme"))
    assert ExternalIdentity.objects.count() == 1
    with running_provider() as other:
        assert api("acme", "owner").put("identity-provider/", body_of(other)).status_code == 200  # type: ignore[attr-defined]
    assert not ExternalIdentity.objects.exists()


def test_naming_and_removing_it_need_a_fresh_proof(provider: Provider, api: MakeApi) -> None:
    owner = api("acme", "owner")
    Session.objects.update(verified_at=timezone.now() - timedelta(minutes=6))
    for answer in (owner.put("identity-provider/", body_of(provider)), owner.delete("identity-provider/")):  # type: ignore[attr-defined]
        assert answer.status_code == 403 and answer.json()["code"] == "step_up_required"
    assert IdentityProvider.objects.count() == 1
    assert owner.post("auth/mfa/confirm/", {"password": owner.password}).status_code == 200
    assert owner.delete("identity-provider/").status_code == 204
    assert visitor("acme").get("/login/sso/").status_code == 404


def test_the_owner_names_it_by_page(provider: Provider) -> None:
    client = visitor("acme", "owner")
    wrong = client.post("/settings/sign-in/", body_of(provider, issuer=f"{provider.issuer}/nowhere"))
    assert wrong.status_code == 400 and "No description was found there" in wrong.content.decode()
    done = client.post("/settings/sign-in/", {**body_of(provider, name="By page"), "is_active": "on"})
    assert (done.status_code, done["Location"]) == (302, "/settings/sign-in/")
    with platform_context():
        assert IdentityProvider.objects.get().name == "By page"
    assert client.post("/settings/sign-in/remove/").status_code == 302
    assert not IdentityProvider.objects.exists()


@pytest.mark.parametrize(
    ("address", "public"),
    [("93.184.216.34", True), ("2606:2800:220:1::1", True), ("127.0.0.1", False), ("10.1.2.3", False),
     ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.1", False), ("224.0.0.1", False),
     ("::1", False), ("::ffff:10.0.0.1", False), ("64:ff9b::7f00:1", False), ("2002:7f00:1::", False),
     ("fec0::1", False), ("fe80::1%eth0", False), ("2001::1", False), ("ff02::1", False)],
)  # fmt: skip
def test_addresses_of_the_open_internet(address: str, public: bool) -> None:
    assert rules.is_public_address(address) is public


@pytest.mark.req("C29")
def test_who_deletes_their_account_is_known_to_no_provider_any_more(provider: Provider, api: MakeApi) -> None:
    go(visitor("acme"))
    assert ExternalIdentity.objects.count() == 1
    gone = api("acme", "trader").post("auth/user/erase/", {"email": "trader@acme.example.com"})
    assert gone.status_code == 200, gone.content
    assert not ExternalIdentity.objects.exists()
