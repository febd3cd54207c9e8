"""The brand: colours that can be read, logos of our own making, senders, and where all of it shows."""

from __future__ import annotations

import io
import re

import pytest
from celery import current_app
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared_apps.configuration import rules
from shared_apps.configuration.models import OptionValue
from shared_apps.core.branding import brand_of, sender
from shared_apps.tenants.models import Tenant
from tests.support.api import Api, error_of
from tests.support.outbox import run_pending
from tests.support.pages import visitor

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
FORM = {
    "name": "Acme Trading Club", "accent": "#7a1fa2", "accent_dark": "", "sender_name": "Acme desk",
    "language": "en", "time_zone": "Europe/Paris", "currency": "USD",
}  # fmt: skip


def picture(size: tuple[int, int] = (900, 300), kind: str = "PNG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "teal").save(
        made, kind, **({"exif": b"Exif\0\0MM\0*secret"} if kind == "JPEG" else {})
    )
    return made.getvalue()


def upload(content: bytes, name: str = "logo.png") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="image/png")


@pytest.mark.req("F18")
@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.478),
        ("#0000ff", "#ffffff", 8.592),
        ("#fff000", "#fff000", 1),
    ],
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    assert rules.contrast(one, other) == pytest.approx(ratio, abs=0.001)
    assert rules.contrast(other, one) == rules.contrast(one, other)


@given(COLOURS, st.sampled_from(["light", "dark"]))
def test_a_suggestion_can_always_be_read_and_keeps_what_can(colour: str, theme: str) -> None:
    found = rules.readable_accent(colour, theme)
    assert rules.palette(found, theme).readable
    assert (found == colour) == rules.palette(colour, theme).readable


@pytest.mark.req("F18")
def test_the_owner_s_brand_shows_on_pages_and_in_e_mails(acme: Tenant) -> None:
    owner = visitor("acme", "owner")
    answer = owner.post("/settings/brand/", {**FORM, "name": "Acme & Sons", "logo": upload(picture())})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    page = visitor("acme").get("/login/").content.decode()
    sheet = re.search(r'href="(/brand/[^"]+\.css)"', page)
    logo = re.search(r'src="(/brand/[^"]+\.png)"', page)
    assert sheet and logo and "Acme &amp; Sons" in page
    css = visitor("acme").get(sheet[1])
    assert css["Content-Type"] == "text/css" and "--accent:#7a1fa2" in css.content.decode()
    assert "immutable" in css["Cache-Control"]
    shown = visitor("acme").get(logo[1])
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert max(Image.open(io.BytesIO(shown.content)).size) <= 480
    assert sender(acme.schema_name, acme.name).startswith("Acme desk <")
    assert (brand_of(acme.schema_name).currency, brand_of(acme.schema_name).time_zone) == (
        "USD",
        "Europe/Paris",
    )
    assert 'value="USD"' in visitor("acme", "trader").get("/accounts/new/").content.decode()
    elsewhere = visitor("globex")
    assert "/brand/" not in elsewhere.get("/login/").content.decode()
    assert elsewhere.get(sheet[1]).status_code == elsewhere.get(logo[1]).status_code == 404


def test_e_mails_come_from_the_organisation(acme: Tenant) -> None:
    visitor("acme", "owner").post("/settings/brand/", FORM)
    current_app.loader.import_default_modules()
    asked = visitor("acme").post("/password/reset/", {"email": "trader@acme.example.com"})
    assert asked.status_code < 400
    for schema in ("public", acme.schema_name):
        run_pending(schema)
    assert mail.outbox[-1].from_email.startswith("Acme desk <")


@pytest.mark.req("F18")
def test_a_colour_that_cannot_be_read_is_refused_with_one_that_can(acme: Tenant) -> None:
    answer = visitor("acme", "owner").post("/settings/brand/", {**FORM, "accent": "#ffee00", "name": "Other"})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["accent"]
    suggestion = re.search(r"#[0-9a-f]{6}", str(answer.context["form"].errors["accent"]))
    assert suggestion and rules.palette(suggestion[0], "light").readable
    assert not OptionValue.objects.exists()
    acme.refresh_from_db()
    assert acme.name == "Acme Trading Club"
    error = error_of(
        Api("acme", "owner@acme.example.com").patch("settings/configuration.accent/", {"value": "#ffee00"}),
        400,
    )
    assert (
        error["code"] == "brand.contrast" and rules.palette(error["details"]["suggestion"], "light").readable
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"accent": "red"}, "accent"),
        ({"accent": "#12345"}, "accent"),
        ({"accent": "url(x)"}, "accent"),
        ({"accent_dark": "#000000"}, "accent_dark"),
        ({"sender_name": "Evil <x@y>"}, "sender_name"),
        ({"sender_name": "a\r\nBcc: x"}, "sender_name"),
        ({"language": "xx"}, "language"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"currency": "XXX"}, "currency"),
        ({"name": ""}, "name"),
        ({"name": "Globex Card Market"}, "name"),
    ],
)
def test_one_wrong_value_and_nothing_is_saved(acme: Tenant, changes: dict[str, str], field: str) -> None:
    answer = visitor("acme", "owner").post("/settings/brand/", {**FORM, **changes})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == [field]
    assert not OptionValue.objects.exists()


@pytest.mark.req("S3-123")
@pytest.mark.parametrize(
    "content",
    [
        b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>1</script>", picture()[:200], b"\x89PNG\r\n\x1a\n" + b"\0" * 500,
        picture((6001, 4)), picture((20, 20), "GIF"), picture((20, 20), "BMP"),
        b"x" * (2 * 1024 * 1024 + 1),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(acme: Tenant, content: bytes) -> None:
    answer = visitor("acme", "owner").post("/settings/brand/", {**FORM, "logo": upload(content)})
    assert answer.status_code == 400
    assert list(answer.context["form"].errors) == ["logo"]
    assert not OptionValue.objects.exists()


@pytest.mark.req("S3-123")
def test_what_else_was_in_the_file_is_left_behind(acme: Tenant) -> None:
    owner = Api("acme", "owner@acme.example.com")
    polyglot = picture((300, 100), "JPEG") + b"<script>alert(1)</script>"
    answer = owner.client.generic("PUT", "/api/v1/brand/logo/", *_multipart(polyglot), headers=owner.headers)
    assert answer.status_code == 200, answer.content
    content = visitor("acme").get(answer.json()["logo"]).content
    assert b"script" not in content and b"secret" not in content
    assert owner.delete("brand/logo/").status_code == 204
    assert owner.get("brand/").json()["logo"] == ""


def _multipart(content: bytes) -> tuple[bytes, str]:
    boundary = "b0undary"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="logo"; filename="../x.svg"\r\nContent-Type: image/svg+xml\r\n\r\n'
    return (
        head.encode() + content + f"\r\n--{boundary}--\r\n".encode(),
        f"multipart/form-data; boundary={boundary}",
    )


def test_no_file_but_the_logo_is_served_and_its_option_is_not_typed(acme: Tenant) -> None:
    owner = Api("acme", "owner@acme.example.com")
    error_of(owner.patch("settings/configuration.logo/", {"value": "brand/logo-" + "a" * 32 + ".png"}), 403)
    for path in ("/brand/logo-x.png", "/brand/../x.png", "/brand/2344b5.css", "/brand/a.css"):
        assert visitor("acme").get(path).status_code == 404


def test_the_verdict_while_one_types(acme: Tenant) -> None:
    owner = visitor("acme", "owner")
    page = owner.get(
        "/settings/brand/check/", {"accent": "#ffee00", "accent_dark": "#8fabff"}
    ).content.decode()
    assert "Use #" in page and page.count("Use #") == 1
    assert owner.get("/settings/brand/check/", {"accent": "<script>"}).content.decode().strip() == ""


@override_settings(LANGUAGES=[("en", "English"), ("fr", "Français")])
def test_the_organisation_s_language_counts_where_the_browser_asks_for_none(acme: Tenant) -> None:
    from shared_apps.configuration.options import LANGUAGE
    from shared_apps.core import options

    object.__setattr__(LANGUAGE, "choices", [("en", "English"), ("fr", "Français")])
    try:
        with options.values({LANGUAGE: "fr"}):
            assert visitor("acme").get("/login/")["Content-Language"] == "fr"
            asked = visitor("acme").get("/login/", headers={"accept-language": "en-GB"})
            assert asked["Content-Language"] == "en"
            assert (
                visitor("acme").get("/login/", headers={"accept-language": "xx"})["Content-Language"] == "fr"
            )
    finally:
        object.__setattr__(LANGUAGE, "choices", [("en", "English")])
