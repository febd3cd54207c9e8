"""Pictures of people: whatever is sent becomes a small WebP of our own making (attack table, row 19).

The type is told by the content and never by the name; what Pillow cannot read as one of four formats, is
larger than the bounds, or moves, is refused. Decoding and writing it anew leaves behind whatever else was
in the file (scripts, places, other formats). Nothing but ``image/webp`` is ever served from here.
"""

from __future__ import annotations

import io
from typing import Any, Final
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError
from shared_apps.core.pictures import opened

#: Bytes of an upload, pixels of its longer side, pixels of what is kept.
MAX_BYTES: Final = 5 * 1024 * 1024
MAX_SIDE: Final = 8_000
SIDE: Final = 256
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")
CONTENT_TYPE: Final = "image/webp"


def small_picture(upload: Any) -> bytes:
    """A square WebP of :data:`SIDE` pixels made of an upload. Raises DomainError (field ``avatar``)."""
    with opened(
        upload,
        max_bytes=MAX_BYTES,
        formats=_FORMATS,
        too_large=_refusal("too_large", _("The picture must have at most 5 MB.")),
        unreadable=_refusal("no_picture", _("This is no picture that we can read (JPEG, PNG, WebP, GIF).")),
    ) as picture:
        if max(picture.size) > MAX_SIDE:
            raise _refusal("too_many_pixels", _("The picture must have at most 8,000 pixels a side."))
        picture.draft("RGB", (SIDE * 2, SIDE * 2))  # a JPEG is decoded no larger than needed
        upright = ImageOps.exif_transpose(picture)
        square = ImageOps.fit(upright.convert("RGBA"), (SIDE, SIDE), Image.Resampling.LANCZOS)
        paper = Image.new("RGB", square.size, "white")
        paper.paste(square, mask=square)
        made = io.BytesIO()
        paper.save(made, "WEBP", quality=85)
    return made.getvalue()


def store(content: bytes) -> str:
    """Keep a picture under a random name of the platform's folder; returns the name."""
    with platform_context():
        return storages["default"].save(f"avatars/{uuid4().hex}.webp", ContentFile(content))


def read(name: str) -> bytes | None:
    """The picture of that name; None where the file is gone."""
    with platform_context():
        try:
            with storages["default"].open(name) as file:
                return bytes(file.read())
        except FileNotFoundError:
            return None


def remove(name: str) -> None:
    """Delete the file of a picture that nobody has any more."""
    with platform_context():
        storages["default"].delete(name)


def _refusal(rule: str, message: str) -> DomainError:
    return DomainError(f"avatar.{rule}", message, field="avatar")
