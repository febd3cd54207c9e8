"""Pictures: told by content, made anew, and never a page (attack table, rows 18 and 19)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.support.pages import visitor
from tests.users.conftest import Api

MakeApi = Callable[..., Api]
pytestmark = pytest.mark.req("S4-64", "S2-12", "S2-49")


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", size, "red").save(made, kind, **options)
    return made.getvalue()


def put(door: Api, content: bytes, name: str = "me.png", kind: str = "image/png") -> Any:
    body = encode_multipart(BOUNDARY, {"avatar": SimpleUploadedFile(name, content, kind)})
    return door.client.put(
        "/api/v1/auth/user/avatar/", body, content_type=MULTIPART_CONTENT,
        headers={**door.client_headers, "authorization": f"Bearer {door.token}"},
    )  # fmt: skip


def bomb(side: int) -> bytes:
    """A PNG of a few hundred bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_becomes_a_small_webp(acme: Tenant, api: MakeApi, kind: str) -> None:
    door = api("acme", "trader")
    answer = put(door, picture(kind), name="<script>.html", kind="text/html")
    assert answer.status_code == 200, answer.content
    url = answer.json()["avatar_url"]
    shown = door.client.get(url, headers={**door.client_headers, "authorization": f"Bearer {door.token}"})
    assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/webp", "nosniff")
    with Image.open(io.BytesIO(shown.content)) as small:
        assert (small.format, small.size) == ("WEBP", (256, 256))
    user = User.objects.get(email="trader@acme.example.com")
    stored = Path(django_settings.MEDIA_ROOT) / "public" / user.avatar
    assert stored.exists() and "script" not in user.avatar


@pytest.mark.parametrize(
    "content",
    [
        b"", b"not a picture", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html><script>alert(1)</script>", picture()[:40], bomb(60_000), bomb(9_000),
        b"GIF89a/*\xff\xff*/=1;alert(1)//", b"PK\x03\x04zip", b"%PDF-1.7", b"\0\0\0\x20ftypavif",
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_and_changes_nothing(
    acme: Tenant, api: MakeApi, content: bytes
) -> None:
    door = api("acme", "trader")
    answer = put(door, content)
    assert answer.status_code == 400 and "avatar" in answer.json()["details"]
    assert door.get("auth/user/").json()["avatar_url"] is None


def test_scripts_and_places_in_a_picture_do_not_survive(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    put(door, picture("JPEG", exif=exif) + b"<script>alert(2)</script>")
    user = User.objects.get(email="trader@acme.example.com")
    stored = (Path(django_settings.MEDIA_ROOT) / "public" / user.avatar).read_bytes()
    assert b"script" not in stored and b"Exif" not in stored


def test_too_large_a_file_is_refused(acme: Tenant, api: MakeApi) -> None:
    answer = put(api("acme", "trader"), picture("PNG") + b"\0" * (5 * 1024 * 1024))
    assert answer.status_code == 400 and answer.json()["code"] == "avatar.too_large"


def test_the_old_file_goes_with_the_new_one(
    acme: Tenant, api: MakeApi, django_capture_on_commit_callbacks: Any
) -> None:
    door = api("acme", "trader")
    put(door, picture())
    first = (
        Path(django_settings.MEDIA_ROOT) / "public" / User.objects.get(email="trader@acme.example.com").avatar
    )
    with django_capture_on_commit_callbacks(execute=True):
        put(door, picture())
    assert not first.exists()
    with django_capture_on_commit_callbacks(execute=True):
        assert door.delete("auth/user/avatar/").status_code == 204
    assert door.get("auth/user/avatar/").status_code == 404


def test_the_page_takes_a_picture_and_removes_it(acme: Tenant) -> None:
    client = visitor("acme", "trader")
    upload = SimpleUploadedFile("me.png", picture(), "image/png")
    assert client.post("/account/avatar/", {"avatar": upload}).status_code == 302
    assert client.get("/account/avatar/")["Content-Type"] == "image/webp"
    assert b'class="picture"' in client.get("/account/").content
    menu = client.get("/account/devices/").content
    assert b'class="avatar" src="/account/avatar/?v=' in menu
    bad = client.post("/account/avatar/", {"avatar": SimpleUploadedFile("me.png", b"no", "image/png")})
    assert bad.status_code == 400 and b"no picture that we can read" in bad.content
    assert client.post("/account/avatar/", {"remove": "1"}).status_code == 302
    assert client.get("/account/avatar/").status_code == 404


def test_no_address_leads_to_the_folder(acme: Tenant, api: MakeApi) -> None:
    put(api("acme", "trader"), picture())
    name = User.objects.get(email="trader@acme.example.com").avatar
    for path in (f"/media/{name}", f"/media/public/{name}", f"/{name}", "/account/avatar/../../x"):
        assert visitor("acme", "seller").get(path).status_code == 404
