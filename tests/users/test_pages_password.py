"""The pages around a forgotten password."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage

from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.support.pages import visitor
from tests.users.conftest import code_in

SendMails = Callable[[], list[EmailMessage]]
NEW = "brand-new-Passw0rd!"
TRADER = "trader@acme.example.com"
CONFIRM = "/password/reset/confirm/"
pytestmark = pytest.mark.req("F19", "C22")


@pytest.mark.parametrize("slug", ["acme", None])
def test_the_way_back_in(
    acme: Tenant, send_mails: SendMails, person: Callable[[str], User], slug: str | None
) -> None:
    client = visitor(slug)
    assert b"/password/reset/" in client.get("/login/").content
    assert client.get("/password/reset/").status_code == 200
    sent = client.post("/password/reset/", {"email": TRADER})
    assert (sent.status_code, sent["Location"]) == (302, CONFIRM)
    assert TRADER.encode() in client.get(CONFIRM).content
    form = {"email": TRADER, "otp": code_in(send_mails()[0]), "new_password1": NEW, "new_password2": NEW}
    done = client.post(CONFIRM, form)
    assert (done.status_code, done["Location"]) == (302, "/login/")
    assert person("trader@acme").check_password(NEW)
    again = client.post(CONFIRM, form)
    assert again.status_code == 400 and b"wrong or too old" in again.content


def test_the_link_fills_the_code_in(acme: Tenant, send_mails: SendMails) -> None:
    visitor("acme").post("/password/reset/", {"email": TRADER})
    (message,) = send_mails()
    link = re.search(r"http://[^/]+(/password/reset/confirm/\S+)", str(message.body))
    assert link is not None
    page = visitor("acme").get(link[1])
    assert page.context["form"]["otp"].value() == code_in(message)
    assert page.context["form"]["email"].value() == TRADER


def test_unknown_people_see_the_same_pages(acme: Tenant, send_mails: SendMails) -> None:
    pages = []
    for email in (TRADER, "nobody@acme.example.com"):
        client = visitor("acme")
        client.post("/password/reset/", {"email": email})
        form = {"email": email, "otp": "000000", "new_password1": NEW, "new_password2": NEW}
        answers = [client.get(CONFIRM), client.post(CONFIRM, form)]
        assert [answer.status_code for answer in answers] == [200, 400]
        texts = [answer.content.replace(email.encode(), b"") for answer in answers]
        pages.append([re.sub(rb'(csrf[a-z-]*"[^>]*) (value|content)="[^"]*"', b"", text) for text in texts])
    assert pages[0] == pages[1]
    assert len(send_mails()) == 1


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (NEW, "other", b"not the same"),
        ("short", "short", b"too short"),
        ("password123", "password123", b"common"),
    ],
)
def test_bad_passwords_are_named_and_spare_the_code(
    acme: Tenant, send_mails: SendMails, person: Callable[[str], User], first: str, second: str, text: bytes
) -> None:
    client = visitor("acme")
    client.post("/password/reset/", {"email": TRADER})
    common = {"email": TRADER, "otp": code_in(send_mails()[0])}
    before = person("trader@acme").password
    bad = client.post(CONFIRM, {**common, "new_password1": first, "new_password2": second})
    assert bad.status_code == 400 and text in bad.content
    assert person("trader@acme").password == before
    assert client.post(CONFIRM, {**common, "new_password1": NEW, "new_password2": NEW}).status_code == 302
