"""A member who is shut out is out everywhere within 60 seconds: proved over real sockets, two web processes.

The owner acts at one process; the member's browser, access token, personal token, refresh token and open
WebSocket are at the other one, which has just answered them and remembers who they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member
from tests.conftest import recreate_database
from tests.support import live as processes
from tests.support.live import Live
from tests.support.pages import visitor
from tests.support.streams import CLOSED, close_code, open_stream

HOST = "acme.localhost"
LIMIT = 60
pytestmark = pytest.mark.req("S1-5", "F27", "C1")


@pytest.fixture(scope="module")
def both(django_db_blocker: Any) -> Iterator[tuple[Live, Live]]:
    with processes.web() as first, processes.web() as second:
        yield first, second
    with django_db_blocker.unblock():
        recreate_database()


@pytest.fixture(autouse=True)
def _real_commits(both: Any, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def ask(live: Live, token: str, method: str = "GET", path: str = "auth/user/", body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return live.request(method, f"/api/v1/{path}", host=HOST, json_body=body, headers=headers)


def until(holds: Callable[[], bool], deadline: float) -> float:
    """Seconds until it holds; fails after the deadline."""
    start = time.monotonic()
    while not holds():
        assert time.monotonic() < deadline, "still in after 60 seconds"
        time.sleep(0.2)
    return time.monotonic() - start


def test_nothing_of_a_member_works_60_seconds_after_they_were_shut_out(both: tuple[Live, Live]) -> None:
    leaders_server, their_server = both
    owner = leaders_server.log_in(HOST, "owner@acme.example.com", "demo-Passw0rd!")
    answer = their_server.request(
        "POST",
        "/api/v1/auth/login/",
        host=HOST,
        json_body={"email": "trader@acme.example.com", "password": "demo-Passw0rd!"},
    ).json()
    access, refresh = answer["access"], answer["refresh"]
    cookie = visitor("acme", "trader").cookies["sessionid"].value
    browser = {"Cookie": f"sessionid={cookie}"}
    personal = ask(
        their_server, access, "POST", "auth/api-tokens/", {"name": "Bot", "scopes": ["members:read"]}
    ).json()["token"]

    def doors() -> dict[str, int]:
        return {
            "access token": ask(their_server, access).status,
            "personal token": ask(their_server, personal, path="members/").status,
            "browser": their_server.request("GET", "/", host=HOST, headers=browser).status,
        }

    assert doors() == {"access token": 200, "personal token": 200, "browser": 200}
    ticket = ask(their_server, access, "POST", "auth/ws-ticket/").json()["ticket"]
    stream = open_stream(their_server, ticket)
    with tenant_context(_acme()):
        member_id = Member.objects.get(email="trader@acme.example.com").pk
    shut = ask(leaders_server, owner, "POST", f"members/{member_id}/deactivate/")
    assert shut.status == 200, shut.body
    deadline = time.monotonic() + LIMIT
    # What asks the database every time is closed at once.
    renewed = their_server.request(
        "POST", "/api/v1/auth/token/refresh/", host=HOST, json_body={"refresh": refresh}
    )
    assert renewed.status == 401
    assert ask(their_server, access, "POST", "trading/orders/", {}).status == 401
    login = their_server.request(
        "POST",
        "/api/v1/auth/login/",
        host=HOST,
        json_body={"email": "trader@acme.example.com", "password": "demo-Passw0rd!"},
    )
    assert login.status == 400
    assert close_code(stream, deadline) == CLOSED
    closed = {"access token": 401, "personal token": 401, "browser": 302}
    until(lambda: doors() == closed, deadline)

    back = ask(leaders_server, owner, "POST", f"members/{member_id}/reactivate/")
    assert back.status == 200
    again = their_server.log_in(HOST, "trader@acme.example.com", "demo-Passw0rd!")
    until(lambda: ask(their_server, again).status == 200, time.monotonic() + LIMIT)
    assert doors()["access token"] == 401, "what was ended stays ended"
    assert doors()["browser"] == 302


def _acme() -> Tenant:
    with platform_context():
        return Tenant.objects.get(slug="acme")


def test_the_last_owner_stays(both: tuple[Live, Live]) -> None:
    server, _other = both
    owner = server.log_in(HOST, "owner@acme.example.com", "demo-Passw0rd!")
    with tenant_context(_acme()):
        member_id = Member.objects.get(email="owner@acme.example.com").pk
    for method, path, body in (
        ("POST", f"members/{member_id}/deactivate/", None),
        ("PATCH", f"members/{member_id}/", {"capabilities": ["trader"]}),
    ):
        refused = ask(server, owner, method, path, body)
        assert (refused.status, refused.json()["code"]) == (400, "member.last_owner"), path
    with tenant_context(_acme()):
        assert Member.objects.get(pk=member_id).capabilities == ["owner"]


def test_an_owner_who_cannot_log_in_does_not_count(both: tuple[Live, Live]) -> None:
    """The one owner left cannot go because there is another one whose account the platform has closed."""
    server, _other = both
    owner = server.log_in(HOST, "owner@acme.example.com", "demo-Passw0rd!")
    with tenant_context(_acme()), transaction.atomic():
        rows = dict(Member.objects.values_list("email", "pk"))
        Member.objects.filter(email="staff@acme.example.com").update(capabilities=["owner"])
    with platform_context(), transaction.atomic():
        User.objects.filter(email="staff@acme.example.com").update(is_active=False)
    refused = ask(server, owner, "PATCH", f"members/{rows['owner@acme.example.com']}/", {"capabilities": []})
    assert refused.json()["code"] == "member.last_owner"
