"""Second factors in a real browser: passkeys by Chromium's virtual authenticator, an app, the keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from shared_apps.core.context import audit_context, platform_context
from shared_apps.tenants import demo
from shared_apps.users.models import Session
from tests.browser.conftest import Watched
from tests.factors.devices import code_of

pytestmark = [pytest.mark.browser, pytest.mark.req("F25")]
TENANT = "acme.localhost"


def authenticator(watched: Watched) -> tuple[Any, str]:
    """A virtual platform authenticator (fingerprint that matches) in the window."""
    cdp = watched.page.context.new_cdp_session(watched.page)
    cdp.send("WebAuthn.enable")
    made = cdp.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                     "hasUserVerification": True, "isUserVerified": True,
                     "automaticPresenceSimulation": True}},
    )  # fmt: skip
    return cdp, made["authenticatorId"]


def six_minutes_pass() -> None:
    with platform_context(), audit_context(actor_label="test"), transaction.atomic():
        Session.objects.update(verified_at=timezone.now() - timedelta(minutes=6))


def picture(watched: Watched, name: str) -> list[str]:
    """What axe, the width and the console complain about, in each form."""
    return [*watched.complaints, *watched.inspect(name)]


def log_in(watched: Watched, email: str) -> None:
    watched.open("/login/")
    watched.page.get_by_label("E-mail or user name").fill(email)
    watched.page.get_by_label("Password").fill(demo.PASSWORD)
    watched.page.keyboard.press("Enter")


def test_a_passkey_from_making_it_to_logging_in_with_it(window: Callable[..., Watched]) -> None:
    watched = window(TENANT)
    page = watched.page
    cdp, device = authenticator(watched)
    log_in(watched, "seller@acme.example.com")
    page.wait_for_url(f"{watched.origin}/")
    watched.open("/security/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name of the passkey").fill("My laptop")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_selector("#recovery-codes li:nth-child(10)")
    assert len(cdp.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]) == 1
    assert picture(watched, "recovery-codes") == []
    codes = page.locator("#recovery-codes code").all_inner_texts()
    page.get_by_role("link", name="I have kept them").click()
    page.get_by_role("strong").get_by_text("My laptop").wait_for()
    assert picture(watched, "security-enrolled") == []

    def log_out() -> None:
        page.context.clear_cookies()
        watched.open("/login/")

    log_out()
    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(f"{watched.origin}/")
    assert "Log in" not in page.title()

    log_out()
    log_in(watched, "seller@acme.example.com")
    page.wait_for_url("**/login/second/**")
    assert picture(watched, "second-step") == []
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url(f"{watched.origin}/")

    # Without the device: a recovery code; a wrong one is told beside the field.
    log_out()
    log_in(watched, "seller@acme.example.com")
    page.wait_for_url("**/login/second/**")
    page.get_by_label("Code").fill("aaaa-bbbb-cccc-dddd")
    page.keyboard.press("Enter")
    page.get_by_text("This code is wrong, or was used already.").wait_for()
    watched.complaints.clear()  # the console repeats the status 400
    assert picture(watched, "second-step-wrong") == []
    page.get_by_label("Code").fill(codes[0])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{watched.origin}/")

    # A refusal of the device is told in words, and the person stays where they are.
    log_out()
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.get_by_role("button", name="Log in with a passkey").click()
    page.get_by_text("No passkey was used.").wait_for()
    assert page.url == f"{watched.origin}/login/"


def test_confirming_by_passkey_loses_nothing_of_a_form(window: Callable[..., Watched]) -> None:
    watched = window(TENANT)
    page = watched.page
    authenticator(watched)
    log_in(watched, "verifier@acme.example.com")
    page.wait_for_url(f"{watched.origin}/")
    watched.open("/security/passkeys/add/")
    page.get_by_label("Name of the passkey").fill("Key")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_selector("#recovery-codes")
    watched.open("/security/tokens/")
    page.get_by_label("What it is for").fill("Night report")
    page.get_by_label("To-dos").select_option("write")
    six_minutes_pass()
    page.get_by_role("button", name="Make the token").click()
    page.get_by_role("heading", name="Confirm that it is you").wait_for()
    assert picture(watched, "confirm-passkey") == []
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_selector("[data-token]")
    assert page.url == f"{watched.origin}/security/tokens/"
    assert page.get_by_role("row", name="Night report").count() == 1
    assert picture(watched, "api-token-made") == []


def test_an_app_by_keyboard_alone_at_390_pixels(window: Callable[..., Watched]) -> None:
    watched = window(TENANT, width=390, theme="dark")
    page = watched.page
    log_in(watched, "buyer@acme.example.com")
    page.wait_for_url(f"{watched.origin}/")
    six_minutes_pass()
    watched.page.goto(f"{watched.origin}/security/totp/")
    page.get_by_role("heading", name="Confirm that it is you").wait_for()
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.get_by_text("The password is wrong.").wait_for()
    page.keyboard.type(demo.PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Authenticator app").wait_for()
    secret = page.locator("#totp-secret").text_content() or ""
    assert page.evaluate("document.activeElement.name") == "code"
    page.keyboard.type(code_of(secret, ahead=-1))
    page.keyboard.press("Enter")
    page.wait_for_selector("#recovery-codes")
    page.context.clear_cookies()
    log_in(watched, "buyer@acme.example.com")
    page.wait_for_url("**/login/second/**")
    assert page.evaluate("document.activeElement.name") == "code"
    page.keyboard.type(code_of(secret))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{watched.origin}/")
