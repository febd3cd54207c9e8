"""The pages around a forgotten password."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage

from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.support.pages import visitor

SendMails = Callable[[], list[EmailMessage]]
NEW = "brand-new-Passw0rd!"
pytestmark = pytest.mark.req("F19")


def link_in(message: EmailMessage) -> str:
    found = re.search(r"http://[^/]+(/password/reset/confirm/\?token=\S+)", str(message.body))
    assert found is not None
    return found[1]


@pytest.mark.parametrize("slug", ["acme", None])
def test_the_way_back_in(
    acme: Tenant, send_mails: SendMails, person: Callable[[str], User], slug: str | None
) -> None:
    client = visitor(slug)
    assert b"/password/reset/" in client.get("/login/").content
    assert client.get("/password/reset/").status_code == 200
    sent = client.post("/password/reset/", {"email": "trader@acme.example.com"})
    assert sent.status_code == 200 and b"trader@acme.example.com" in sent.content
    link = link_in(send_mails()[0])
    assert client.get(link).status_code == 200
    form = {"token": link.partition("token=")[2], "new_password1": NEW, "new_password2": NEW}
    done = client.post("/password/reset/confirm/", form)
    assert (done.status_code, done["Location"]) == (302, "/login/")
    assert person("trader@acme").check_password(NEW)
    again = client.post("/password/reset/confirm/", form)
    assert again.status_code == 403 and b"used already" in again.content


def test_unknown_people_see_the_same_page(acme: Tenant, send_mails: SendMails) -> None:
    client = visitor("acme")
    pages = [
        client.post("/password/reset/", {"email": email}).content.replace(email.encode(), b"")
        for email in ("trader@acme.example.com", "nobody@acme.example.com")
    ]
    strip = [re.sub(rb'(value|nonce|content)="[^"]*"', b"", page) for page in pages]
    assert strip[0] == strip[1]
    assert len(send_mails()) == 1


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (NEW, "other", b"not the same"),
        ("short", "short", b"too short"),
        ("password123", "password123", b"common"),
    ],
)
def test_bad_passwords_are_named_and_spare_the_link(
    acme: Tenant, send_mails: SendMails, person: Callable[[str], User], first: str, second: str, text: bytes
) -> None:
    client = visitor("acme")
    client.post("/password/reset/", {"email": "trader@acme.example.com"})
    token = link_in(send_mails()[0]).partition("token=")[2]
    before = person("trader@acme").password
    bad = client.post(
        "/password/reset/confirm/", {"token": token, "new_password1": first, "new_password2": second}
    )
    assert bad.status_code == 400 and text in bad.content
    assert person("trader@acme").password == before
    form = {"token": token, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/password/reset/confirm/", form).status_code == 302


@pytest.mark.parametrize("token", ["", "x", "a:b:c"])
def test_a_link_that_is_none(acme: Tenant, token: str) -> None:
    form = {"token": token, "new_password1": NEW, "new_password2": NEW}
    answer = visitor("acme").post("/password/reset/confirm/", form)
    assert answer.status_code == 403 and b"not valid" in answer.content
