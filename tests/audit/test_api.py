"""``audit/events/`` over HTTP, on both hosts."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.api import EventSerializer, _as_json
from audit.models import AuditEntry, AuditLog
from audit.queries import visible_events
from shared_apps.access.actors import load_actor
from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Tenant
from tenant_apps.members.models import Member
from tests.support.api import Api, error_of

pytestmark = pytest.mark.django_db
EVENTS = "audit/events/"


@pytest.fixture
def auditor(acme: Tenant) -> Api:
    return Api("acme", "auditor@acme.example.com")


def rename(acme: Tenant, *names: str) -> None:
    with tenant_context(acme), transaction.atomic():
        for name in names:
            Member.objects.filter(email="trader@acme.example.com").update(name=name)


@pytest.mark.req("S1-49", "C15", "F98")
def test_a_change_made_over_the_api_is_read_by_the_auditor(acme: Tenant, auditor: Api) -> None:
    owner = Api("acme", "owner@acme.example.com")
    with tenant_context(acme):
        member = Member.objects.get(email="buyer@acme.example.com")
    answer = owner.patch(
        f"members/{member.pk}/", {"capabilities": ["buyer", "affiliate"]}, x_request_id="req-77"
    )
    assert answer.status_code == 200, answer.content
    event, change = auditor.get(f"{EVENTS}?request_id=req-77").json()["results"]
    assert event["action"] == "role_changed" and event["kind"] == "event"
    assert change["changes"] == {"capabilities": ['["buyer"]', '["buyer","affiliate"]']}
    assert change["object_type"] == "members.member" and change["object_id"] == str(member.pk)
    for row in (event, change):
        assert row["actor"]["email"] == row["actor"]["name"] == "owner@acme.example.com"
        assert row["actor"]["role"] == acme.db_role
        assert row["remote_addr"] == "127.0.0.1"


def test_an_organisation_reads_its_own_rows_only(acme: Tenant, globex: Tenant, auditor: Api) -> None:
    rename(acme, "Only of Acme")
    other = Api("globex", "auditor@globex.example.com")
    assert auditor.get(f"{EVENTS}?text=Only of Acme").json()["count"] == 1
    assert other.get(f"{EVENTS}?text=Only of Acme").json()["count"] == 0
    other.client.defaults["HTTP_HOST"] = "acme.localhost"
    error_of(other.get(EVENTS, host="acme.localhost"), 401)


def test_the_platforms_auditors_read_the_public_rows(acme: Tenant) -> None:
    for email in ("auditor@example.com", "superadmin@example.com"):
        rows = Api(None, email).get(f"{EVENTS}?object_type=tenants.tenant&action=create").json()["results"]
        assert {row["changes"]["slug"][1] for row in rows} == {"acme", "globex"}
        assert {row["actor"]["name"] for row in rows} == {"demo.seed"}


@pytest.mark.parametrize("key", ["trader", "staff", "verifier", "seller", "buyer"])
def test_other_members_are_refused(acme: Tenant, key: str) -> None:
    error_of(Api("acme", f"{key}@acme.example.com").get(EVENTS), 403)


@pytest.mark.parametrize("email", ["admin@example.com", "owner@acme.example.com", "trader@acme.example.com"])
def test_others_are_refused_on_the_platform(acme: Tenant, email: str) -> None:
    error_of(Api(None, email).get(EVENTS), 403)


def test_strangers_are_asked_to_log_in(acme: Tenant) -> None:
    error_of(Api("acme").get(EVENTS), 401)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_the_log_is_read_only(acme: Tenant, auditor: Api, method: str) -> None:
    with tenant_context(acme):
        before = (AuditEntry.objects.count(), AuditLog.objects.count())
    error_of(auditor.request(method, EVENTS, {}), 405)
    with tenant_context(acme):
        assert (AuditEntry.objects.count(), AuditLog.objects.count()) == before


@pytest.mark.req("S3-132")
def test_pages_follow_places_while_the_log_grows(acme: Tenant, auditor: Api) -> None:
    rename(acme, *(f"name {number:02}" for number in range(45)))
    query = f"{EVENTS}?object_type=members.member&action=update&page_size=20"
    first = auditor.get(query).json()
    assert (first["count"], len(first["results"]), first["previous"]) == (45, 20, None)
    rename(acme, "a later one")
    second = auditor.get(first["next"].removeprefix("http://acme.localhost")).json()
    third = auditor.get(second["next"].removeprefix("http://acme.localhost")).json()
    seen = [row["changes"]["name"][1] for page in (first, second, third) for row in page["results"]]
    assert seen == [f"name {number:02}" for number in reversed(range(45))]
    assert third["next"] is None
    back = auditor.get(second["previous"].removeprefix("http://acme.localhost")).json()
    assert back["results"] == first["results"]
    assert back["previous"] is not None
    top = auditor.get(back["previous"].removeprefix("http://acme.localhost")).json()
    assert [row["changes"]["name"][1] for row in top["results"]] == ["a later one"]
    assert top["previous"] is None
    numbered = auditor.get(f"{query}&page=3").json()
    assert len(numbered["results"]) == 6
    assert numbered["next"] is None


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("page=99999", 404, None),
        ("page=0", 400, "page"),
        ("page=x", 400, "page"),
        ("page_size=0", 400, "page_size"),
        ("cursor=nonsense", 400, "cursor"),
        ("cursor=", 400, "cursor"),
        ("cursor=-%00", 400, "cursor"),
        ("since=yesterday", 400, "since"),
        ("since=2026-01-02T00:00Z&until=2026-01-01T00:00Z", 400, "until"),
        ("ordering=timestamp", 400, "ordering"),
        ("fields=password", 400, "fields"),
        ("acter=x", 400, "acter"),
        ("text=a%00b", 400, "text"),
        ("object_id=" + "x" * 256, 400, "object_id"),
    ],
)
def test_a_query_that_is_not_understood_is_refused(
    auditor: Api, query: str, status: int, field: str | None
) -> None:
    details = error_of(auditor.get(f"{EVENTS}?{query}"), status)["details"]
    assert field is None or list(details) == [field]


def test_deep_numbers_are_refused_and_places_are_not(acme: Tenant, auditor: Api, monkeypatch: Any) -> None:
    monkeypatch.setattr("audit.api.MAX_DEPTH", 4)
    assert auditor.get(f"{EVENTS}?page_size=2&page=2").status_code == 200
    error = error_of(auditor.get(f"{EVENTS}?page_size=2&page=3"), 400)
    assert list(error["details"]) == ["page"]
    place = auditor.get(f"{EVENTS}?page_size=2&page=2").json()["next"]
    assert auditor.get(place.removeprefix("http://acme.localhost")).status_code == 200


def test_fields_narrow_the_rows(auditor: Api) -> None:
    row = auditor.get(f"{EVENTS}?fields=action,id&page_size=1").json()["results"][0]
    assert list(row) == ["id", "action"]


def test_the_number_of_queries_does_not_grow_with_the_rows(acme: Tenant, auditor: Api) -> None:
    def queries_for(size: int) -> int:
        with CaptureQueriesContext(connection) as caught:
            assert len(auditor.get(f"{EVENTS}?page_size={size}").json()["results"]) == size
        return len(caught)

    queries_for(1)
    assert queries_for(1) == queries_for(3)


def test_the_fast_answer_is_the_serializers(acme: Tenant, person: Any) -> None:
    rename(acme, "Theo")
    with tenant_context(acme):
        events = visible_events(load_actor(person("auditor@acme"), acme, fresh=True))[:20]
    assert {event.kind for event in events} == {"change", "event"}
    fields = list(EventSerializer().fields)
    assert [_as_json(event, fields) for event in events] == EventSerializer(events, many=True).data


@pytest.mark.req("S3-115")
def test_markup_stays_text(acme: Tenant, auditor: Api) -> None:
    markup = "<script>alert(1)</script>\"'&"
    rename(acme, markup)
    answer = auditor.get(f"{EVENTS}?page_size=1")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["results"][0]["changes"]["name"][1] == markup
