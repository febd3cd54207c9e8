"""``members/`` and ``roles/`` over HTTP: what each person gets, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Session, User
from tenant_apps.members.models import Capability, Member

MEMBERS = "/api/v1/members/"
LogIn = Callable[[str], Client]


@pytest.fixture
def log_in(acme: Tenant, client_of: Callable[..., Client], password: str) -> LogIn:
    """``log_in("trader")``: a client with that acme member's token."""

    def make(key: str) -> Client:
        client = client_of("acme")
        body = {"email": f"{key}@acme.example.com", "password": password}
        answer = client.post("/api/v1/auth/login/", body, content_type="application/json")
        assert answer.status_code == 200, answer.content
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {answer.json()['access']}"
        return client

    return make


@pytest.fixture
def rows(acme: Tenant) -> Callable[[], list[Any]]:
    """All members as they are stored."""

    def read() -> list[Any]:
        with tenant_context(acme):
            return list(Member.objects.order_by("pk").values_list("pk", "capabilities", "is_active"))

    return read


@pytest.fixture
def id_of(acme: Tenant) -> Callable[[str], str]:
    def find(key: str) -> str:
        with tenant_context(acme):
            return str(Member.objects.get(email=f"{key}@acme.example.com").pk)

    return find


def patch(client: Client, member_id: str, body: Any) -> Any:
    return client.patch(f"{MEMBERS}{member_id}/", body, content_type="application/json")


@pytest.mark.req("F30")
def test_a_leader_reads_filters_and_orders(log_in: LogIn) -> None:
    owner = log_in("owner")
    body = owner.get(MEMBERS).json()
    assert body["count"] == 7
    assert set(body["results"][0]) == {
        "id", "user", "name", "email", "capabilities", "waiting_capabilities", "is_active", "joined_at",
    }  # fmt: skip
    found = owner.get(MEMBERS, {"capability": "buyer", "ordering": "-name", "fields": "name"}).json()
    assert found["results"] == [{"name": "Samir Seller"}, {"name": "Bea Buyer"}]
    assert owner.get(MEMBERS, {"search": "aud"}).json()["count"] == 1
    assert owner.get(MEMBERS, {"is_active": "false"}).json()["count"] == 0
    refused = owner.get(MEMBERS, {"capability": "king"})
    assert (refused.status_code, list(refused.json()["details"])) == (400, ["capability"])


@pytest.mark.req("C14", "F31")
def test_a_trader_sees_only_themselves(log_in: LogIn, id_of: Callable[[str], str]) -> None:
    trader = log_in("trader")
    assert [row["name"] for row in trader.get(MEMBERS).json()["results"]] == ["Tariq Trader"]
    assert trader.get(f"{MEMBERS}{id_of('trader')}/").status_code == 200
    assert trader.get(f"{MEMBERS}{id_of('buyer')}/").status_code == 404


@pytest.mark.req("C14", "S4-68")
def test_refusals(
    log_in: LogIn, id_of: Callable[[str], str], rows: Callable[[], list[Any]], client_of: Any
) -> None:
    before = rows()
    trader, staff, auditor = log_in("trader"), log_in("staff"), log_in("auditor")
    wanted = {"capabilities": ["tenant_admin"]}
    assert patch(trader, id_of("trader"), wanted).status_code == 403
    assert patch(trader, id_of("buyer"), wanted).status_code == 404
    assert patch(auditor, id_of("buyer"), wanted).status_code == 403
    assert patch(staff, id_of("buyer"), {"capabilities": ["owner"]}).status_code == 403
    assert patch(client_of("acme"), id_of("buyer"), wanted).status_code == 401
    for action in ("deactivate", "reactivate"):
        assert trader.post(f"{MEMBERS}{id_of('trader')}/{action}/").status_code == 403
        assert trader.post(f"{MEMBERS}{id_of('buyer')}/{action}/").status_code == 404
        assert staff.post(f"{MEMBERS}{id_of('owner')}/{action}/").status_code == 403
    assert rows() == before


@pytest.mark.req("C14")
def test_a_token_of_another_tenant_and_an_id_of_another_tenant(
    log_in: LogIn, id_of: Callable[[str], str], globex: Tenant, client_of: Any
) -> None:
    owner = log_in("owner")
    with tenant_context(globex):
        foreign = Member.objects.get(email="buyer@globex.example.com").pk
    assert owner.get(f"{MEMBERS}{foreign}/").status_code == 404
    assert patch(owner, str(foreign), {"capabilities": []}).status_code == 404
    elsewhere = client_of("globex", HTTP_AUTHORIZATION=owner.defaults["HTTP_AUTHORIZATION"])
    assert elsewhere.get(MEMBERS).status_code == 401


def test_an_owner_changes_capabilities(log_in: LogIn, id_of: Callable[[str], str]) -> None:
    owner, buyer = log_in("owner"), log_in("buyer")
    assert buyer.get(MEMBERS).json()["count"] == 1
    answer = patch(owner, id_of("buyer"), {"capabilities": ["trader", "tenant_auditor"]})
    assert answer.status_code == 200
    assert answer.json()["capabilities"] == ["tenant_auditor", "trader"]
    assert buyer.get(MEMBERS).json()["count"] == 7, "counts at once, without a new log-in"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"capabilities": ["king"]}, "capabilities"),
        ({"capabilities": "owner"}, "capabilities"),
        ({"capabilities": None}, "capabilities"),
        ({}, "capabilities"),
        ({"capabilities": ["buyer"] * 9}, "capabilities"),
    ],
)
def test_a_bad_body_names_the_field(
    log_in: LogIn, id_of: Callable[[str], str], rows: Callable[[], list[Any]], body: Any, field: str
) -> None:
    before = rows()
    answer = patch(log_in("owner"), id_of("buyer"), body)
    assert (answer.status_code, list(answer.json()["details"])) == (400, [field])
    assert rows() == before


def test_other_fields_in_the_body_are_never_applied(
    log_in: LogIn, id_of: Callable[[str], str], person: Callable[[str], User]
) -> None:
    body = {"capabilities": ["buyer"], "user": person("trader@acme").pk, "is_active": False, "name": "X"}
    answer = patch(log_in("owner"), id_of("buyer"), body).json()
    assert (answer["name"], answer["is_active"], answer["user"]) == (
        "Bea Buyer", True, person("buyer@acme").pk
    )  # fmt: skip


@pytest.mark.req("S4-55", "F30")
def test_deactivation_ends_the_sessions_here_and_now(
    log_in: LogIn, id_of: Callable[[str], str], person: Callable[[str], User], acme: Tenant, password: str
) -> None:
    owner, trader = log_in("owner"), log_in("trader")
    assert trader.get(MEMBERS).status_code == 200
    answer = owner.post(f"{MEMBERS}{id_of('trader')}/deactivate/")
    assert (answer.status_code, answer.json()["is_active"]) == (200, False)
    assert trader.get(MEMBERS).status_code == 401
    with platform_context():
        sessions = Session.objects.filter(user=person("trader@acme"), tenant=acme)
        assert {session.revoked_reason for session in sessions} == {"deactivated"}
    body = {"email": "trader@acme.example.com", "password": password}
    again = trader.post("/api/v1/auth/login/", body, content_type="application/json", HTTP_AUTHORIZATION="")
    assert again.status_code in (400, 401)
    assert owner.post(f"{MEMBERS}{id_of('trader')}/reactivate/").json()["is_active"] is True
    log_in("trader")


def test_the_last_owner_stays_over_http(log_in: LogIn, id_of: Callable[[str], str]) -> None:
    answer = patch(log_in("owner"), id_of("owner"), {"capabilities": ["trader"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "member.last_owner")


def test_the_list_asks_as_many_questions_for_one_row_as_for_seven(log_in: LogIn) -> None:
    owner = log_in("owner")
    owner.get(MEMBERS)
    counts = []
    for query in ({"search": "Bea"}, {}):
        with CaptureQueriesContext(connection) as captured:
            owner.get(MEMBERS, query)
        counts.append(len([each for each in captured.captured_queries if "SAVEPOINT" not in each["sql"]]))
    assert counts[0] == counts[1] <= 2


@pytest.mark.req("F30")
def test_roles(log_in: LogIn, client_of: Any) -> None:
    roles = log_in("buyer").get("/api/v1/roles/").json()
    assert [role["name"] for role in roles] == Capability.values
    assert set(roles[0]) == {"name", "label", "description", "granted_by", "prerequisites", "permissions"}
    assert client_of("acme").get("/api/v1/roles/").status_code == 401


@pytest.mark.req("F30", "C26", "S3-29")
def test_what_is_missing_is_said(log_in: LogIn, id_of: Callable[[str], str], person: Any) -> None:
    """Nobody buys with an address that was never proved; as soon as it is, they do."""
    trader, owner = id_of("trader"), log_in("owner")
    with platform_context():
        User.objects.filter(pk=person("trader@acme").pk).update(email_verified_at=None)
    refused = patch(owner, trader, {"capabilities": ["trader", "buyer"]})
    assert (refused.status_code, refused.json()["code"]) == (400, "member.prerequisite_missing")
    step = {"key": "verified_email", "text": "a verified e-mail address", "url": ""}
    assert refused.json()["details"]["missing"] == [step]
    rows = {row["capability"]: row for row in owner.get(f"{MEMBERS}{trader}/requirements/").json()}
    assert rows["buyer"] == {"capability": "buyer", "state": "open", "missing": [step]}
    assert rows["trader"] == {"capability": "trader", "state": "held", "missing": []}
    with platform_context():
        User.objects.filter(pk=person("trader@acme").pk).update(email_verified_at=timezone.now())
    assert patch(owner, trader, {"capabilities": ["trader", "buyer"]}).status_code == 200
