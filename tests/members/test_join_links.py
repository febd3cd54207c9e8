"""Join links: as many as they say, until they end, and not a word about whose address it is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Tenant
from tenant_apps.members.models import JoinLink, Member
from tests.members.inviting import NEW, accept, token_in

LINKS = "/api/v1/join-links/"
pytestmark = pytest.mark.req("F28")


def make_link(api: Any, **body: Any) -> Any:
    until = (timezone.now() + timedelta(days=3)).isoformat()
    values = {"label": "Fair", "capabilities": ["buyer"], "max_uses": 1, "expires_at": until}
    return api("owner", "POST", LINKS, values | body)


def ask(api: Any, token: str, email: str = NEW) -> Any:
    return api("", "POST", f"{LINKS}ask/", {"token": token, "email": email})


def test_a_join_link_lets_in_as_many_as_it_says(acme: Tenant, api: Any, letters: Any) -> None:
    made = make_link(api)
    assert made.status_code == 201, made.content
    token = re.search(r"token=([\w-]{43})", made.json()["url"])[1]
    assert api("owner", "GET", LINKS).json()["results"][0]["url"] == ""
    for email in (NEW, "other@example.org"):
        assert ask(api, token, email).status_code == 202
    first, second = (token_in(letter) for letter in letters())
    assert accept(api, first).json()["capabilities"] == ["buyer"]
    full = accept(api, second)
    assert (full.status_code, full.json()["code"]) == (403, "join_link.used_up")
    assert ask(api, token, "third@example.org").json()["code"] == "join_link.used_up"
    with tenant_context(acme):
        assert JoinLink.objects.get().uses == 1
        assert not Member.objects.filter(email="other@example.org").exists()


def test_a_join_link_says_not_whose_address_it_is(acme: Tenant, api: Any, letters: Any) -> None:
    token = re.search(r"token=([\w-]{43})", make_link(api, max_uses=9).json()["url"])[1]
    answers = [
        ask(api, token, email) for email in (NEW, NEW, "trader@acme.example.com", "trader@globex.example.com")
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(202, b"")}
    sent = letters()
    assert [letter.to[0] for letter in sent] == [
        NEW,
        NEW,
        "trader@acme.example.com",
        "trader@globex.example.com",
    ]
    assert "token=" not in sent[2].body, "a member is told that they are one"
    assert token_in(sent[0]) == token_in(sent[1]), "asking again does not void the first mail"


def test_join_links_end(acme: Tenant, api: Any, letters: Any) -> None:
    made = make_link(api, max_uses=5).json()
    token = re.search(r"token=([\w-]{43})", made["url"])[1]
    ask(api, token)
    invitation = token_in(letters()[0])
    assert api("owner", "POST", f"{LINKS}{made['id']}/revoke/").json()["revoked_at"]
    assert ask(api, token, "b@example.org").json()["code"] == "join_link.revoked"
    assert accept(api, invitation).json()["code"] == "join_link.revoked"
    assert api("owner", "POST", f"{LINKS}{made['id']}/revoke/").status_code == 409
    past = (timezone.now() - timedelta(days=1)).isoformat()
    far = (timezone.now() + timedelta(days=999)).isoformat()
    for body, field in (
        ({"expires_at": past}, "expires_at"),
        ({"expires_at": far}, "expires_at"),
        ({"max_uses": 0}, "max_uses"),
        ({"max_uses": 5_000}, "max_uses"),
        ({"label": " "}, "label"),
        ({"capabilities": ["owner"]}, "capabilities"),
    ):
        refused = make_link(api, **body)
        assert refused.status_code in (400, 403) and list(refused.json()["details"]) == [field], body
