"""The dashboard and the members' pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils.http import urlencode

from shared_apps.core.context import tenant_context
from shared_apps.tenants.models import Tenant
from shared_apps.ui import dashboard
from tenant_apps.members.models import Member
from tests.support.pages import HTMX, visitor


def member(tenant: Tenant, who: str) -> Member:
    with tenant_context(tenant):
        return Member.objects.get(email=f"{who}@{tenant.slug}.example.com")


@pytest.mark.req("C3")
@pytest.mark.parametrize(
    ("who", "seen", "may_change"),
    [("owner", 7, True), ("staff", 7, True), ("auditor", 7, False), ("trader", 1, False)],
)
def test_everybody_sees_the_members_that_are_theirs_to_see(
    acme: Tenant, who: str, seen: int, may_change: bool
) -> None:
    page = visitor("acme", who).get("/members/").content.decode()
    assert page.count('<tr id="member-') == seen
    assert ("/capabilities/" in page) is may_change
    assert "globex" not in page


def test_members_are_searched(acme: Tenant) -> None:
    client = visitor("acme", "owner")
    assert client.get("/members/?q=tariq").content.count(b'<tr id="member-') == 1
    nobody = client.get("/members/?" + urlencode({"q": "<b>"}))
    assert b"Nobody matches" in nobody.content
    assert client.get("/members/?q=%00").status_code == 400
    assert b"<b>" not in nobody.content.split(b"<main")[1].split(b"</form>")[0]


def test_an_owner_changes_capabilities_in_the_row(acme: Tenant) -> None:
    trader = member(acme, "trader")
    client = visitor("acme", "owner")
    form = client.get(f"/members/{trader.pk}/capabilities/", headers=HTMX)
    assert form.content.count(b'type="checkbox"') == 8
    saved = client.post(
        f"/members/{trader.pk}/capabilities/", {"capabilities": ["trader", "buyer"]}, headers=HTMX
    )
    assert saved.status_code == 200
    assert json.loads(saved["HX-Trigger"])["toast"]["message"] == "Saved what Tariq Trader may do."
    assert b"<tr id=" in saved.content and b"<html" not in saved.content
    assert member(acme, "trader").capabilities == ["buyer", "trader"]


def test_without_scripts_the_same_is_a_page(acme: Tenant) -> None:
    trader = member(acme, "trader")
    client = visitor("acme", "owner")
    assert b"<html" in client.get(f"/members/{trader.pk}/capabilities/").content
    answer = client.post(f"/members/{trader.pk}/capabilities/", {"capabilities": []})
    assert (answer.status_code, answer["Location"]) == (302, "/members/")
    assert member(acme, "trader").capabilities == []


def test_the_last_owner_stays_and_the_form_says_why(acme: Tenant) -> None:
    owner = member(acme, "owner")
    answer = visitor("acme", "owner").post(f"/members/{owner.pk}/capabilities/", {}, headers=HTMX)
    assert answer.status_code == 400
    assert b"An organisation needs an owner" in answer.content
    assert member(acme, "owner").capabilities == ["owner"]


@pytest.mark.req("S3-118")
@pytest.mark.parametrize(("who", "status"), [("auditor", 403), ("trader", 403), ("buyer", 403)])
def test_who_may_not_change_members_is_refused(acme: Tenant, who: str, status: int) -> None:
    trader = member(acme, "trader")
    client = visitor("acme", who)
    for path in ("capabilities", "activation"):
        assert client.post(f"/members/{trader.pk}/{path}/", {"active": "0"}).status_code == status
    assert member(acme, "trader").capabilities == ["trader"]
    assert member(acme, "trader").is_active


@pytest.mark.req("F1")
def test_a_member_of_another_tenant_does_not_exist_here(acme: Tenant, globex: Tenant) -> None:
    foreign = member(globex, "trader")
    client = visitor("acme", "owner")
    assert client.get(f"/members/{foreign.pk}/", headers=HTMX).status_code == 404
    assert client.post(f"/members/{foreign.pk}/activation/", {"active": "0"}).status_code == 404
    assert member(globex, "trader").is_active


def test_staff_cannot_touch_the_owner(acme: Tenant) -> None:
    owner = member(acme, "owner")
    visitor("acme", "staff").post(f"/members/{owner.pk}/activation/", {"active": "0"})
    assert member(acme, "owner").is_active


def test_a_member_is_shut_out_and_let_in_again(acme: Tenant) -> None:
    trader = member(acme, "trader")
    theirs, client = visitor("acme", "trader"), visitor("acme", "owner")
    assert theirs.get("/").status_code == 200
    client.post(f"/members/{trader.pk}/activation/", {"active": "0"})
    assert theirs.get("/").status_code == 302
    client.post(f"/members/{trader.pk}/activation/", {"active": "1"})
    assert member(acme, "trader").is_active


def test_the_dashboard_shows_each_person_the_panels_of_their_role(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "_panels", {})
    monkeypatch.setattr(dashboard, "_steps", {})

    def panel(name: str, permission: str, **context: Any) -> None:
        dashboard.register_panel(
            dashboard.Panel(
                name=name,
                place=dashboard.Place.MAIN,
                template="ui/components/note.html",
                permission=permission,
                build=lambda request: {"tone": "quiet", "icon_name": "gear", **context},
                topics=("trades",),
            )
        )

    panel("all", "members.view_dashboard", text="for everybody <b>")
    panel("leaders", "members.change_capabilities", text="for leaders")
    dashboard.register_step(
        dashboard.Step(
            name="first",
            label="Invite somebody",
            text="It is lonely here.",
            action="Members",
            url_name="members:list",
            permission="members.change_capabilities",
            is_done=lambda request: False,
        )
    )
    owner, trader = visitor("acme", "owner"), visitor("acme", "trader")
    page = owner.get("/").content.decode()
    assert "for everybody &lt;b&gt;" in page and "for leaders" in page and "Invite somebody" in page
    assert 'hx-get="/dashboard/all/"' in page
    assert "stream:trades from:body throttle:2s" in page
    theirs = trader.get("/").content.decode()
    assert "for everybody" in theirs and "for leaders" not in theirs and "Invite somebody" not in theirs
    assert b"for leaders" in owner.get("/dashboard/leaders/").content
    assert trader.get("/dashboard/leaders/").status_code == 404
    assert owner.get("/dashboard/nothing/").status_code == 404


def test_the_menu_holds_what_one_may_open(acme: Tenant) -> None:
    page = visitor("acme", "trader").get("/").content.decode()
    assert 'class="rail-link" href="/" aria-current="page"' in page
    assert 'class="rail-link" href="/members/"' in page
