"""What people do to get in, in a real browser, by keyboard: the code comes out of the mailbox page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import Watched
from tests.support.letters import send_waiting_letters

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser-identity")]

Window = Callable[..., Watched]
HOST = "acme.localhost"
NEW = "brand-new-Passw0rd!"


@pytest.fixture
def deliver(settings: Any) -> Callable[[], None]:
    """Do the worker's work; the e-mails go where the server's mailbox page looks."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    Path(settings.EMAIL_FILE_PATH).mkdir(parents=True, exist_ok=True)
    return send_waiting_letters


def newest_code(watched: Watched, address: str) -> str:
    """The code of the newest letter to an address, as the mailbox page shows it, in a tab of its own."""
    tab = watched.page.context.new_page()
    tab.set_default_timeout(10_000)
    tab.goto(f"{watched.origin}/mailbox/")
    letter = tab.locator("article", has_text=address).first
    found = re.search(r"^ +(\d{6})$", letter.locator("pre").inner_text(), re.MULTILINE)
    assert found is not None, letter.inner_text()
    tab.close()
    return found[1]


@pytest.mark.req("S1-2", "S1-8", "S3-111", "F24", "S2-7")
def test_a_person_registers_by_keyboard_on_a_phone(window: Window, deliver: Callable[[], None]) -> None:
    watched = window(HOST, width=390)
    page, email = watched.page, "nina@browser.example.com"
    watched.open("/register/")
    page.get_by_label("Your name").focus()
    page.keyboard.type("Nina Neu")
    page.keyboard.press("Tab")
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type("a-Long-enough-1")
    page.keyboard.press("Enter")
    page.wait_for_url("**/register/confirm/")
    field = page.get_by_label("Code")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("inputmode", "numeric")
    expect(field).to_have_attribute("autocomplete", "one-time-code")
    deliver()
    code = newest_code(watched, email)
    page.keyboard.type("12345")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The code has six digits.")).to_be_visible()
    watched.shoot("flow-code-too-short")
    field.fill(f"{(int(code) + 1) % 10**6:06d}")
    page.keyboard.press("Enter")
    expect(page.get_by_text("wrong or too old")).to_be_visible()
    watched.shoot("flow-code-wrong")
    page.get_by_role("button", name="Send a new code").press("Enter")
    expect(page.get_by_text("a new code is on its way")).to_be_visible()
    deliver()
    page.get_by_label("Code").fill(newest_code(watched, email))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{watched.origin}/")
    expect(page.get_by_role("heading", name="Welcome, Nina Neu")).to_be_visible()
    expect(page.get_by_text("Your address is confirmed.")).to_be_visible()
    watched.shoot("flow-registered")


@pytest.mark.req("F19")
def test_a_person_gets_in_again_by_code(window: Window, deliver: Callable[[], None]) -> None:
    watched = window(HOST)
    page, email = watched.page, "seller@acme.example.com"
    watched.open("/login/")
    page.get_by_role("link", name="Forgotten your password?").press("Enter")
    page.get_by_label("E-mail").fill(email)
    page.keyboard.press("Enter")
    page.wait_for_url("**/password/reset/confirm/")
    deliver()
    page.get_by_label("Code").fill(newest_code(watched, email))
    page.get_by_label("New password").fill(NEW)
    page.get_by_label("Once more").fill(NEW)
    page.keyboard.press("Enter")
    page.wait_for_url("**/login/")
    expect(page.get_by_text("The new password holds.")).to_be_visible()
    page.get_by_label("E-mail or user name").fill(email)
    page.get_by_label("Password", exact=True).fill(NEW)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{watched.origin}/")


@pytest.mark.req("S1-8")
def test_a_person_changes_their_address_and_ends_a_device(
    window: Window, deliver: Callable[[], None]
) -> None:
    elsewhere, watched = window(HOST, "verifier"), window(HOST, "verifier", width=390)
    page, email = watched.page, "vera@browser.example.com"
    elsewhere.open("/account/")
    watched.open("/account/email/")
    page.get_by_label("New address").fill(email)
    page.get_by_label("Your password").fill("demo-Passw0rd!")
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/email/confirm/")
    expect(page.get_by_label("Code")).to_be_focused()
    deliver()
    page.keyboard.type(newest_code(watched, email))
    page.keyboard.press("Enter")
    page.wait_for_url("**/account/email/")
    expect(page.get_by_text("Your address is vera@browser.example.com now.")).to_be_visible()
    watched.shoot("flow-address-changed")
    page.get_by_role("link", name="Devices").first.press("Enter")
    page.wait_for_url("**/account/devices/")
    watched.shoot("flow-devices")
    page.get_by_role("button", name="End all others").press("Enter")
    page.get_by_role("button", name="End them").press("Enter")
    expect(page.get_by_text("1 session has ended.")).to_be_visible()
    expect(page.get_by_text("this one")).to_be_visible()


@pytest.mark.req("S2-12", "S2-49")
def test_a_person_fills_in_their_profile_with_a_picture(window: Window, tmp_path: Path) -> None:
    watched = window(HOST, "buyer")
    page = watched.page
    watched.open("/account/")
    picture = tmp_path / "me.png"
    Image.new("RGB", (400, 300), "#2b6cb0").save(picture)
    page.get_by_label("Picture", exact=True).set_input_files(picture)
    page.get_by_role("button", name="Use this picture").press("Enter")
    shown = page.get_by_role("img", name="Your picture")
    expect(shown).to_be_visible()
    page.wait_for_function("() => document.querySelector('img.picture').naturalWidth === 256")
    page.get_by_label("Telephone").fill("call me")
    page.get_by_label("You act as").select_option("professionnel")
    page.get_by_role("combobox", name="Theme").select_option("dark")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("A telephone number has")).to_be_visible()
    page.get_by_label("Telephone").fill("+33 1 23 45")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    page.wait_for_function("() => document.documentElement.dataset.bsTheme === 'dark'")
    expect(page.get_by_label("You act as")).to_have_value("professionnel")
    watched.shoot("flow-profile-saved")
    assert watched.complaints == [] or all("400" in line for line in watched.complaints)


@pytest.mark.req("C29", "S1-5")
def test_a_person_fetches_their_data_and_deletes_their_account(
    window: Window, deliver: Callable[[], None]
) -> None:
    watched = window(HOST, "auditor", width=390)
    page = watched.page
    watched.open("/account/data/")
    page.get_by_role("button", name="Put my data together").press("Enter")
    expect(page.get_by_role("progressbar", name="Progress")).to_be_visible()
    watched.shoot("flow-data-progress")
    deliver()
    fetch = page.get_by_role("link", name="Fetch")
    expect(fetch).to_be_visible(timeout=15_000)  # the page asks again by itself
    with page.expect_download() as download:
        fetch.click()
    assert download.value.suggested_filename == "my-data.zip"
    page.get_by_label("The address of your account").fill("auditor@acme.example.com")
    page.get_by_role("button", name="Delete my account").press("Enter")
    expect(page.get_by_role("heading", name="Delete your account?")).to_be_visible()
    watched.shoot("flow-delete-account")
    page.get_by_role("button", name="Delete it").press("Enter")
    page.wait_for_url("**/login/")
    expect(page.get_by_text("Your account is deleted.")).to_be_visible()


@pytest.mark.req("S3-35", "S3-36", "S3-52")
def test_a_professional_writes_address_and_business_down(window: Window) -> None:
    watched = window(HOST, "staff", width=390)
    page = watched.page
    watched.open("/account/addresses/")
    page.get_by_label("Name on the letter box").fill("Stefan Staff")
    page.get_by_label("Street and number").fill("12 rue de la Paix")
    page.get_by_label("Postal code").fill("7500")
    page.get_by_label("City").fill("Paris")
    page.get_by_label("Country").select_option("FR")
    page.get_by_role("button", name="Keep it").press("Enter")
    expect(page.get_by_text("This is no postal code of France.")).to_be_visible()
    page.get_by_label("Postal code").fill("75002")
    page.get_by_role("button", name="Keep it").press("Enter")
    expect(page.get_by_text("The address is kept.")).to_be_visible()
    expect(page.get_by_text("parcels", exact=True)).to_be_visible()
    watched.shoot("flow-addresses")
    assert watched.axe() == []
    watched.open("/account/business/")
    expect(page.get_by_text("You act as an individual")).to_be_visible()
    watched.open("/account/")
    page.get_by_label("You act as").select_option("professionnel")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    watched.open("/account/business/")
    page.get_by_label("Name of the business").fill("Cartes SARL")
    page.get_by_label("Country").select_option("FR")
    page.get_by_label("Registration number").fill("732 829 320 00074")
    page.get_by_role("button", name="Save").press("Enter")
    expect(page.get_by_text("Your business is saved.")).to_be_visible()
    watched.shoot("flow-business")
    assert watched.axe() == []
