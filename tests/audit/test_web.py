"""The log as a page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Tenant
from tenant_apps.members.models import Member
from tests.support.pages import visitor


def change_somebody(tenant: Tenant, capabilities: list[str]) -> Member:
    """The owner changes the trader, through the page."""
    with tenant_context(tenant):
        member = Member.objects.get(email=f"trader@{tenant.slug}.example.com")
    visitor(tenant.slug, "owner").post(f"/members/{member.pk}/capabilities/", {"capabilities": capabilities})
    return member


@pytest.mark.req("C15", "S4-55", "S1-29")
@pytest.mark.parametrize("who", ["auditor", "owner"])
def test_the_log_says_who_changed_what_from_what_to_what(acme: Tenant, who: str) -> None:
    member = change_somebody(acme, ["trader", "buyer"])
    page = visitor("acme", who).get("/audit/", {"object_type": "members.member", "action": "update"})
    assert page.status_code == 200
    [line] = [line for line in page.context["lines"] if line.event.object_id == str(member.pk)]
    assert line.event.actor.email == "owner@acme.example.com"
    body = page.content.decode()
    assert "owner@acme.example.com" in body and "capabilities" in body
    assert "trader@globex" not in body
    event = visitor("acme", who).get("/audit/", {"action": "role_changed"}).content.decode()
    assert "role_changed" in event and "buyer" in event


@pytest.mark.req("S3-118")
@pytest.mark.parametrize("who", ["trader", "buyer", "staff"])
def test_who_is_no_auditor_may_not_look(acme: Tenant, who: str) -> None:
    client = visitor("acme", who)
    assert client.get("/audit/").status_code == 403
    assert b'href="/audit/"' not in client.get("/").content


def test_each_tenant_sees_its_own_log_only(acme: Tenant, globex: Tenant) -> None:
    member = change_somebody(acme, ["buyer"])
    theirs = visitor("globex", "auditor").get("/audit/", {"object_id": str(member.pk)})
    assert theirs.status_code == 200 and theirs.context["lines"] == []
    assert b"No such event" in theirs.content


def test_the_platforms_auditor_reads_the_platforms_rows(acme: Tenant) -> None:
    page = visitor(None, "auditor").get("/audit/")
    assert page.status_code == 200
    kinds = {line.event.object_type for line in page.context["lines"]}
    assert kinds and not any(kind.startswith("members.") for kind in kinds)
    assert visitor(None, "admin").get("/audit/").status_code == 403


def test_pages_do_not_shift_when_something_happens(acme: Tenant) -> None:
    for number in range(20):
        change_somebody(acme, ["buyer"] if number % 2 else ["trader"])
    client = visitor("acme", "auditor")
    first = client.get("/audit/")
    assert len(first.context["lines"]) == 30 and first.context["older"]
    second = client.get("/audit/" + first.context["older"])
    change_somebody(acme, ["buyer", "trader"])
    again = client.get("/audit/" + first.context["older"])
    ids = [[line.event.id for line in each.context["lines"]] for each in (first, second, again)]
    assert ids[1] == ids[2]
    assert not set(ids[0]) & set(ids[1])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "soon"}, "since"),
        ({"since": "2025-02-01", "until": "2025-01-01"}, "until"),
        ({"object_type": "no.model"}, "object_type"),
        ({"text": "x" * 101}, "text"),
        ({"before": "nonsense"}, "__all__"),
    ],
)
def test_a_wrong_filter_is_named(acme: Tenant, query: dict[str, str], field: str) -> None:
    page = visitor("acme", "auditor").get("/audit/", query)
    assert page.status_code == 400
    assert list(page.context["form"].errors) == [field]
    assert page.context["lines"] == []


def test_days_are_whole_days(acme: Tenant) -> None:
    change_somebody(acme, ["buyer"])
    today = timezone.now().date()
    client = visitor("acme", "auditor")
    assert client.get("/audit/", {"since": today, "until": today}).context["lines"]
    assert not client.get("/audit/", {"until": today - timedelta(days=400)}).context["lines"]


def test_markup_in_the_log_is_text(acme: Tenant) -> None:
    client = visitor("acme", "trader")
    client.post("/todos/", {"title": "<img src=x onerror=alert(1)>"})
    body = visitor("acme", "auditor").get("/audit/", {"object_type": "todos.todo"}).content.decode()
    assert "<img src=x" not in body and "&lt;img src=x" in body
