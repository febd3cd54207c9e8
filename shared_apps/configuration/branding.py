"""The brand of a tenant from its options, and the two files that carry it: style sheet and logo."""

from __future__ import annotations

import hashlib
import io
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from shared_apps.core.branding import Brand
from shared_apps.core.context import PUBLIC
from shared_apps.core.errors import DomainError
from shared_apps.core.pictures import opened

from . import rules, store
from .options import ACCENT, ACCENT_DARK, CURRENCY, LANGUAGE, LOGO, SENDER_NAME, TIME_ZONE

#: Bytes of an upload, pixels of its longer side, and of what is kept of it.
MAX_LOGO_BYTES: Final = 2 * 1024 * 1024
MAX_LOGO_SIDE: Final = 6_000
LOGO_BOX: Final = (480, 160)
_FORMATS: Final = ("JPEG", "PNG", "WEBP")


_brands: dict[str, tuple[Any, Brand]] = {}


def brand_of(schema: str) -> Brand:
    """The brand of the tenant with this schema; every request asks, so it is made once per change."""
    if schema == PUBLIC:
        return Brand()
    values = store.changed_values(schema)
    made_of, brand = _brands.get(schema, (None, None))
    if brand is None or made_of is not values:
        brand = _made_of_options(schema)
        if len(_brands) > 10_000:
            _brands.clear()
        _brands[schema] = values, brand
    return brand


def _made_of_options(schema: str) -> Brand:
    accent = ACCENT.value_for(schema)
    logo = LOGO.value_for(schema)
    return Brand(
        sender_name=SENDER_NAME.value_for(schema),
        stylesheet=f"/brand/{sheet_key(accent, ACCENT_DARK.value_for(schema))}.css" if accent else "",
        logo=f"/{logo}" if logo else "",
        language=LANGUAGE.value_for(schema),
        time_zone=TIME_ZONE.value_for(schema),
        currency=CURRENCY.value_for(schema),
        accent=accent,
        on_accent=rules.palette(accent, "light").on_accent if accent else "",
    )


def sheet_key(accent: str, dark: str) -> str:
    """What the style sheet's address is known by: other colours, another address."""
    return "-".join(colour.removeprefix("#").lower() for colour in (accent, dark) if colour)


def stylesheet(accent: str, dark: str) -> str:
    """The tokens of both themes made of the tenant's colours; unlayered, so they win over the layers."""
    dark = dark or rules.readable_accent(accent, "dark")
    return "".join(
        f"{selector}{{--accent:{made.accent};--accent-hover:{made.hover};--accent-soft:{made.soft};"
        f"--on-accent:{made.on_accent}}}\n"
        for selector, made in (
            (":root,[data-bs-theme=light]", rules.palette(accent, "light")),
            ("[data-bs-theme=dark]", rules.palette(dark, "dark")),
        )
    )


def small_logo(upload: Any) -> bytes:
    """A PNG of our own making that fits :data:`LOGO_BOX`, made of an upload (attack table, row 19).

    What Pillow cannot read as JPEG, PNG or WebP, is too large, or has too many pixels is refused:
    DomainError, field ``logo``. Whatever else the file held is left behind.
    """
    with opened(
        upload,
        max_bytes=MAX_LOGO_BYTES,
        formats=_FORMATS,
        too_large=_refusal("too_large", _("The logo must have at most 2 MB.")),
        unreadable=_refusal("no_picture", _("This is no picture that we can read (PNG, JPEG, WebP).")),
    ) as picture:
        if max(picture.size) > MAX_LOGO_SIDE:
            raise _refusal("too_many_pixels", _("The logo must have at most 6,000 pixels a side."))
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
        upright.thumbnail(LOGO_BOX, Image.Resampling.LANCZOS)
        clean = Image.new("RGBA", upright.size)
        clean.paste(upright)
        made = io.BytesIO()
        clean.save(made, "PNG", optimize=True)
    return made.getvalue()


def store_logo(content: bytes) -> str:
    """Keep a logo in the tenant's folder under the hash of its content; returns its name."""
    name = f"brand/logo-{hashlib.sha256(content).hexdigest()[:32]}.png"
    storage = storages["default"]
    if not storage.exists(name):
        storage.save(name, ContentFile(content))
    return name


def read_logo(name: str) -> bytes | None:
    """The tenant's logo of that name; None where the file is gone."""
    try:
        with storages["default"].open(name) as file:
            return bytes(file.read())
    except FileNotFoundError:
        return None


def _refusal(rule: str, message: str) -> DomainError:
    return DomainError(f"brand.{rule}", message, field="logo")
