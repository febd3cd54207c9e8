"""From one organisation to another: a token for a minute, once, for one target, by one browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import caches
from django.db import transaction
from django.test import Client

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users import handover, principals
from shared_apps.users.models import Session, User
from tenant_apps.members.models import Member
from tests.factors.devices import enrol_totp
from tests.support.pages import HTMX, visitor
from tests.users.conftest import api

__all__ = ["api"]
pytestmark = pytest.mark.req("F28", "C4")


@pytest.fixture
def trader(acme: Tenant, globex: Tenant, person: Callable[[str], User]) -> User:
    """Acme's trader, who is a member of globex too."""
    user = person("trader@acme")
    with transaction.atomic():
        Membership.objects.create(user=user, tenant=globex)
        with tenant_context(globex):
            Member.objects.create(user_id=user.pk, name=user.display_name, email=user.email)
    return user


def follow(answer: Any, clients: dict[str, Client]) -> Any:
    """The next step, by the client of the host that the answer leads to: cookies stay with their host."""
    assert answer.status_code == 302, answer.content
    target = urlsplit(answer["Location"])
    return clients[target.hostname].get(f"{target.path}?{target.query}")


def walk(here: Client, there: Client, globex: Tenant, acme: Tenant) -> Any:
    """All three steps from acme to globex."""
    clients = {"acme.localhost": here, "globex.localhost": there}
    asked = there.get(f"/enter/?from={acme.uuid}")
    return follow(follow(asked, clients), clients)


def test_the_list_has_ones_own_organisations_only(
    trader: User, client_of: Callable[..., Client], django_assert_max_num_queries: Any
) -> None:
    page = visitor("acme", "trader").get("/organisations/").content.decode()
    assert "Globex" in page and "You are here" in page
    other = visitor("acme", "buyer").get("/organisations/", headers=HTMX).content.decode()
    assert "Globex" not in other and "<html" not in other


def test_a_browser_goes_over_without_logging_in(trader: User, acme: Tenant, globex: Tenant) -> None:
    here, there = visitor("acme", "trader"), visitor("globex")
    done = walk(here, there, globex, acme)
    assert (done.status_code, done["Location"]) == (302, "/")
    assert b"Welcome, Tariq Trader" in there.get("/").content
    with platform_context():
        rows = Session.objects.filter(user=trader).values_list("tenant__slug", flat=True)
        assert sorted(rows) == ["acme", "globex"]
    for client in (here, there):
        assert all(not morsel["domain"] for morsel in client.cookies.values()), "cookies stay on their host"
    assert here.cookies["sessionid"].value != there.cookies["sessionid"].value
    assert there.cookies["handover"].value == ""


@pytest.mark.req("F25")
def test_who_has_a_second_factor_goes_over_and_has_proved_nothing_there(
    trader: User, acme: Tenant, globex: Tenant, api: Callable[..., Any], password: str
) -> None:
    """The session here was opened with the factor; there it is asked for before anything critical."""
    _secret, codes = enrol_totp(api("acme", "trader"))
    here, there = visitor("acme"), visitor("globex")
    here.post("/login/", {"login": "trader@acme.example.com", "password": password})
    assert here.post("/login/second/", {"code": codes[0]}).status_code == 302
    assert walk(here, there, globex, acme)["Location"] == "/"
    assert there.get("/").status_code == 200
    assert there.get("/security/totp/")["Location"].startswith("/security/confirm/")


def token_for(here: Client, globex: Tenant, challenge: str) -> str:
    answer = here.get(f"/organisations/leave/?to={globex.uuid}&challenge={challenge}")
    return parse_qs(urlsplit(answer["Location"]).query)["token"][0]


def test_a_link_brings_nobody_into_somebody_elses_session(trader: User, acme: Tenant, globex: Tenant) -> None:
    """The attacker's own token, shown by a victim's browser: with another secret, or with none."""
    _secret, challenge = handover.new_secret()
    token = token_for(visitor("acme", "trader"), globex, challenge)
    victim = visitor("globex")
    assert victim.get(f"/enter/?token={token}").status_code == 404
    victim.get(f"/enter/?from={acme.uuid}")
    refused = victim.get(f"/enter/?token={token}")
    assert refused["Location"] == "/login/"
    assert victim.get("/").status_code == 302, "nobody is logged in"


def test_a_token_holds_once_for_its_target_and_a_minute(
    trader: User,
    acme: Tenant,
    globex: Tenant,
    client_of: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert handover.SECONDS == 60
    secret, challenge = handover.new_secret()
    here, there = visitor("acme", "trader"), client_of("globex")
    there.cookies["handover"] = secret
    token = token_for(here, globex, challenge)
    assert caches["directory"].get(f"hand-over:{token}") is None, "kept as a hash"
    assert there.get(f"/enter/?token={token}")["Location"] == "/"
    there.post("/logout/")
    there.cookies["handover"] = secret
    assert there.get(f"/enter/?token={token}")["Location"] == "/login/", "spent"
    token = token_for(here, globex, challenge)
    at_home = client_of("acme")
    at_home.cookies["handover"] = secret
    assert at_home.get(f"/enter/?token={token}")["Location"] == "/login/", "not this organisation's"
    there.cookies["handover"] = secret
    assert there.get(f"/enter/?token={token}")["Location"] == "/login/", "shown elsewhere is spent"
    monkeypatch.setattr(handover, "SECONDS", 0)
    late = token_for(here, globex, challenge)
    there.cookies["handover"] = secret
    assert there.get(f"/enter/?token={late}")["Location"] == "/login/", "too late"


def test_a_token_ends_with_the_session_that_issued_it(trader: User, acme: Tenant, globex: Tenant) -> None:
    secret, challenge = handover.new_secret()
    here, there = visitor("acme", "trader"), visitor("globex")
    token = token_for(here, globex, challenge)
    here.post("/logout/")
    there.cookies["handover"] = secret
    assert there.get(f"/enter/?token={token}")["Location"] == "/login/"


def test_only_members_go_over(trader: User, acme: Tenant, globex: Tenant) -> None:
    _secret, challenge = handover.new_secret()
    buyer = visitor("acme", "buyer")
    assert buyer.get(f"/organisations/leave/?to={globex.uuid}&challenge={challenge}").status_code == 404
    here, there = visitor("acme", "trader"), visitor("globex")
    secret, challenge = handover.new_secret()
    token = token_for(here, globex, challenge)
    with transaction.atomic():
        Membership.objects.filter(user=trader, tenant=globex).update(is_active=False)
    principals.forget_everybody()
    there.cookies["handover"] = secret
    assert there.get(f"/enter/?token={token}")["Location"] == "/login/"


@pytest.mark.parametrize("origin", ["https://evil.example", "00000000-0000-0000-0000-000000000000", "%00"])
def test_the_way_leads_to_our_hosts_only(acme: Tenant, client_of: Callable[..., Client], origin: str) -> None:
    assert client_of("acme").get(f"/enter/?from={origin}").status_code in (400, 404)


def test_by_the_api(trader: User, globex: Tenant, client_of: Callable[..., Client], password: str) -> None:
    here, there = client_of("acme"), client_of("globex")
    body = {"email": trader.email, "password": password}
    access = here.post("/api/v1/auth/login/", body, content_type="application/json").json()["access"]
    here.defaults["HTTP_AUTHORIZATION"] = f"Bearer {access}"
    listed = here.get("/api/v1/organisations/").json()
    assert [(row["slug"], row["is_current"]) for row in listed] == [("acme", True), ("globex", False)]
    way = here.post(f"/api/v1/organisations/{globex.uuid}/hand-over/").json()
    assert way["expires_in"] == 60
    answer = there.post("/api/v1/organisations/enter/", way, content_type="application/json")
    assert answer.status_code == 200
    tokens = answer.json()
    there.defaults["HTTP_AUTHORIZATION"] = f"Bearer {tokens['access']}"
    assert there.get("/api/v1/auth/user/").json()["email"] == trader.email
    again = client_of("globex").post("/api/v1/organisations/enter/", way, content_type="application/json")
    assert (again.status_code, again.json()["code"]) == (403, "handover.invalid")
    # A token without a browser's secret opens no browser session.
    way = here.post(f"/api/v1/organisations/{globex.uuid}/hand-over/").json()
    browser = client_of("globex")
    browser.cookies["handover"] = "anything"
    assert browser.get(f"/enter/?token={way['token']}")["Location"] == "/login/"
