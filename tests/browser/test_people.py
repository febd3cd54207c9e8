"""What people do with each other, in a real browser: invite, come in, go over, share, and watch it happen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from playwright.sync_api import expect

from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.market_data import services as market
from shared_apps.market_data.models import Feed
from shared_apps.tenants.models import Membership, Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member
from tests.browser.conftest import FORMS, Visitors, Watched
from tests.browser.trading import Traded
from tests.support import outbox
from tests.support.trading import MARKET_ACTOR, Market

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-people"), pytest.mark.req("F28")]

Window = Callable[..., Watched]
ACME, GLOBEX = "acme.localhost", "globex.localhost"
NEW = "ina.invited@browser.example.com"


@pytest.fixture
def deliver(settings: Any, unblocked: None) -> Callable[[], None]:
    """Do the worker's work in acme; the e-mails go where the server's mailbox page looks."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    Path(settings.EMAIL_FILE_PATH).mkdir(parents=True, exist_ok=True)
    current_app.loader.import_default_modules()

    def run() -> None:
        with platform_context():
            schema = Tenant.objects.get(slug="acme").schema_name
        for done in outbox.run_pending(schema):
            assert done.state == "SUCCESS", done.result

    return run


def test_invited_mailed_accepted_and_in(window: Window, deliver: Callable[[], None]) -> None:
    owner = window(ACME, "owner")
    owner.open("/members/")
    owner.page.get_by_role("link", name="Invitations").click()
    owner.page.get_by_label("E-mail").fill(NEW)
    owner.page.get_by_label("Trader").check()
    owner.page.get_by_role("button", name="Send the invitation").click()
    expect(owner.page.get_by_role("row", name=NEW)).to_contain_text("Waiting")
    deliver()

    guest = window(ACME, width=390, theme="dark")
    guest.open("/mailbox/")
    letter = guest.page.locator("article", has_text=NEW).first
    found = re.search(r"(/invitation/\?token=[\w-]+)", letter.locator("pre").inner_text())
    assert found is not None
    guest.open(found[1])
    expect(guest.page.get_by_text("Olivia Owner invited")).to_be_visible()
    assert guest.axe() == [] and guest.overflow() <= 0
    guest.shoot("flow-invitation-390")
    guest.page.get_by_label("First name").fill("Ina")
    guest.page.get_by_label("Choose a password").fill("Quiet-Harbour-71")
    guest.page.get_by_role("button", name="Accept the invitation").click()
    expect(guest.page.get_by_text("Welcome, Ina")).to_be_visible()
    assert guest.complaints == []

    owner.page.reload()
    expect(owner.page.get_by_role("row", name=NEW)).to_contain_text("Accepted")
    guest.page.goto(f"{guest.origin}{found[1]}")
    expect(guest.page.get_by_text("accepted before")).to_be_visible()


@pytest.fixture
def in_both(server: Any, unblocked: None) -> None:
    """Acme's verifier is a member of globex too."""
    with audit_context(actor_label="test"), platform_context(), transaction.atomic():
        user = User.objects.get(email="verifier@acme.example.com")
        globex = Tenant.objects.get(slug="globex")
        Membership.objects.get_or_create(user=user, tenant=globex)
        with tenant_context(globex):
            Member.objects.get_or_create(
                user_id=user.pk, defaults={"name": user.display_name, "email": user.email}
            )


def test_over_to_another_organisation_and_back(window: Window, in_both: None) -> None:
    watched = window(ACME, "verifier")
    page = watched.page
    watched.open("/")
    page.get_by_role("button", name="Your account").click()
    menu = page.locator("#account-menu")
    globex = menu.get_by_role("link", name="Globex")
    expect(globex).to_be_visible()
    watched.shoot("flow-switcher")
    globex.click()
    page.wait_for_url(f"http://{GLOBEX}:*/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")
    expect(page.locator(".rail-brand")).to_contain_text("Globex")
    cookies = page.context.cookies()
    assert {cookie["domain"] for cookie in cookies if cookie["name"] == "sessionid"} == {ACME, GLOBEX}
    assert len({cookie["value"] for cookie in cookies if cookie["name"] == "sessionid"}) == 2
    page.get_by_role("button", name="Your account").click()
    menu.get_by_role("link", name="Acme").click()
    page.wait_for_url(f"http://{ACME}:*/")
    assert watched.complaints == []


@pytest.mark.req("F31")
def test_an_account_is_shared_and_taken_back(window: Window, traded: Traded) -> None:
    with audit_context(actor_label="test"), tenant_context(traded.tenant), transaction.atomic():
        Member.objects.filter(email="buyer@acme.example.com").update(capabilities=["buyer", "trader"])
    owner, friend = window(ACME, "trader"), window(ACME, "buyer", width=390)
    address = f"/accounts/{traded.account_id}/"
    friend.open("/accounts/")
    expect(friend.page.get_by_text("Paper one")).to_have_count(0)
    owner.open(address)
    owner.page.get_by_role("link", name="Sharing").click()
    owner.page.get_by_label("E-mail of a member").fill("buyer@acme.example.com")
    owner.page.get_by_role("button", name="Share").click()
    row = owner.page.get_by_role("row", name="Bea Buyer")
    expect(row).to_contain_text("shared")
    owner.shoot("flow-sharing")
    friend.open("/accounts/")
    friend.page.get_by_role("link", name="Paper one").click()
    expect(friend.page.get_by_role("heading", level=1)).to_have_text("Paper one")
    expect(friend.page.get_by_role("button", name="Review the order")).to_have_count(0)
    assert friend.axe() == [] and friend.overflow() <= 0
    row.get_by_role("button", name="Stop sharing").click()
    expect(owner.page.get_by_role("row", name="Bea Buyer")).to_have_count(0)
    assert friend.page.goto(f"{friend.origin}{address}").status == 404  # type: ignore[union-attr]


@pytest.mark.req("S0-16")
def test_the_palette_goes_where_it_says(window: Window) -> None:
    watched = window(ACME, "owner")
    page = watched.page
    watched.open("/")
    page.keyboard.press("Control+K")
    box = page.get_by_role("combobox", name="Search commands")
    expect(box).to_be_focused()
    page.keyboard.type("memb")
    first = page.get_by_role("option").first
    expect(first).to_contain_text("Members")
    expect(first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    page.wait_for_url("**/members/")
    page.keyboard.press("Control+K")
    page.keyboard.type("zzzz")
    expect(page.get_by_text("Nothing matches.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
    page.keyboard.press("Control+K")
    page.keyboard.type("log out")
    page.keyboard.press("Enter")
    page.wait_for_url("**/login/")
    assert watched.complaints == []


def _close_live(close: int) -> None:
    """Close a candle as the market does: it is there, then its time comes, and everybody is told."""
    with platform_context(), audit_context(actor_label="test"):
        with transaction.atomic():
            feed = Feed.objects.get()
            clock = feed.clock
            Market.of(feed).close(close)
            Feed.objects.update(clock=clock)
        assert market.advance_feed(actor=MARKET_ACTOR, feed_id=feed.pk)


@pytest.mark.req("S1-40")
def test_the_chart_lives(window: Window, traded: Traded) -> None:
    """A candle closes on the market, and the bot's page shows it without being asked to."""
    watched = window(ACME, "trader")
    watched.open(f"/bots/{traded.bot_id}/")
    figure = watched.page.locator("#bot-chart")
    legend = figure.locator(".chart-legend")
    expect(figure).to_have_attribute("data-drawn", re.compile(r"\d+"))
    expect(watched.page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
    before = legend.inner_text()
    _close_live(12_345)
    expect(legend).to_contain_text("123.45", timeout=20_000)
    assert legend.inner_text() != before
    watched.shoot("flow-chart-live")
    assert watched.complaints == []


ADMIN = {
    "index": ("superadmin", "/admin/"),
    "index-auditor": ("auditor", "/admin/"),
    "tenants": ("superadmin", "/admin/tenants/tenant/"),
    "tenant": ("superadmin", "/admin/tenants/tenant/{tenant}/change/"),
    "tenant-state": ("superadmin", "/admin/tenants/tenant/{tenant}/state/"),
    "users": ("admin", "/admin/users/user/"),
    "payments": ("superadmin", "/admin/payments/payment/"),
    "payment-totals": ("auditor", "/admin/payments/payment/totals/"),
    "notifications": ("superadmin", "/admin/payments/webhookdelivery/"),
    "user": ("superadmin", "/admin/users/user/{user}/change/"),
    "memberships": ("superadmin", "/admin/tenants/membership/"),
    "audit": ("auditor", "/admin/audit/auditentry/"),
    "events": ("auditor", "/admin/audit/auditlog/"),
    "options": ("superadmin", "/admin/configuration/optionvalue/"),
    "option": ("superadmin", "/admin/configuration/optionvalue/option/members.invitation_lifetime/"),
}


@pytest.mark.req("S2-12", "S4-69")
@pytest.mark.parametrize("name", ADMIN)
def test_admin_page(visitors: Visitors, window: Window, traded: Traded, name: str) -> None:
    """The platform's admin at both widths and in both themes, as our own pages."""
    who, path = ADMIN[name]
    with platform_context():
        tenant = Tenant.objects.get(slug="acme").pk
        user = User.objects.get(email="trader@acme.example.com").pk
    found: list[str] = []
    for theme in ("light", "dark"):
        watched = window("localhost", who, theme=theme)
        answer = watched.page.goto(f"{watched.origin}{path.format(tenant=tenant, user=user)}")
        assert answer is not None and answer.status == 200, (answer, watched.page.url)
        found += watched.inspect(f"admin-{name}", [form for form in FORMS if form[1] == theme])
        found += watched.complaints
    assert found == []
