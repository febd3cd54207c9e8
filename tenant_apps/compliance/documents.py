"""Pictures of documents: drawn anew, encrypted, kept in the tenant's folder, and gone for good afterwards."""

from __future__ import annotations

import io
from typing import Any, Final

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from shared_apps.core import crypto
from shared_apps.core.errors import DomainError, NotFoundError
from shared_apps.core.pictures import opened

from .models import IdentityCase, IdentityDocument

PURPOSE: Final = "compliance.document"
MAX_BYTES: Final = 10 * 1024 * 1024
MAX_SIDE: Final = 10_000
KEPT_SIDE: Final = 2_400
CONTENT_TYPE: Final = "image/jpeg"
_FORMATS: Final = ("JPEG", "PNG", "WEBP")


def clean_picture(upload: Any, field: str) -> bytes:
    """A JPEG of our own making of an upload (attack table, row 19). Raises DomainError naming ``field``."""

    def refusal(rule: str, message: str) -> DomainError:
        return DomainError(f"identity.{rule}", message, field=field)

    with opened(
        upload,
        max_bytes=MAX_BYTES,
        formats=_FORMATS,
        too_large=refusal("too_large", _("The picture must have at most 10 MB.")),
        unreadable=refusal("no_picture", _("This is no picture that we can read (JPEG, PNG, WebP).")),
    ) as picture:
        if max(picture.size) > MAX_SIDE or min(picture.size) < 200:
            raise refusal("pixels", _("The picture must have 200 to 10,000 pixels a side."))
        picture.draft("RGB", (KEPT_SIDE, KEPT_SIDE))
        upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.LANCZOS)
        made = io.BytesIO()
        upright.save(made, "JPEG", quality=88)
    return made.getvalue()


def keep(case: IdentityCase, side: str, content: bytes) -> IdentityDocument:
    """Step: encrypt a picture for its row and store both."""
    row = IdentityDocument(case=case, side=side, size=len(content))
    sealed = crypto.seal_file(content, purpose=PURPOSE, row=row.pk)
    row.key = sealed.key
    row.file = storages["default"].save(f"identity/{row.pk}.sealed", ContentFile(sealed.content))
    row.save(force_insert=True)
    return row


def open_picture(row: IdentityDocument) -> bytes:
    """The picture as it was kept. Raises NotFoundError where the file is gone, UnsealError for another."""
    try:
        with storages["default"].open(row.file) as file:
            content = bytes(file.read())
    except FileNotFoundError:
        raise NotFoundError("identity.document_gone", _("This document was erased.")) from None
    return crypto.unseal_file(content, row.key, purpose=PURPOSE, row=row.pk)


def erase(row: IdentityDocument) -> None:
    """Step: delete the file and its key; without the key a copy of the file is noise."""
    storages["default"].delete(row.file)
    row.delete()
