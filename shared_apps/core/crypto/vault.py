"""Sealing and unsealing of texts."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import re
from typing import Final

from cryptography.exceptions import InvalidTag
from django.utils.translation import gettext as _

from shared_apps.core.context import current_schema
from shared_apps.core.errors import UnavailableError

from .keys import cipher, key_ring

logger = logging.getLogger(__name__)

#: What a sealed text begins with; a change of algorithm gets another.
VERSION: Final = "v1"
_NONCE: Final = 12
_SEALED = re.compile(rf"{VERSION}\.(?P<key>[0-9a-f]{{8}})\.(?P<body>[A-Za-z0-9_-]+)\Z")
_PURPOSE = re.compile(r"[a-z][a-z0-9_.]{2,79}\Z")


class UnsealError(UnavailableError):
    """What is stored cannot be opened: another tenant's, row's or purpose's, altered, or its key is gone."""

    def __init__(self) -> None:
        super().__init__("vault.unreadable", _("A protected value cannot be read. The operators know."))


def associated_data(schema: str, purpose: str, row: object) -> bytes:
    """What a ciphertext is bound to, without two places that read alike."""
    if not _PURPOSE.match(purpose):
        raise ValueError(f"a purpose is named app.what, not {purpose!r}")
    if row is None or row == "":
        raise ValueError("a sealed value belongs to a row: save it with its key first")
    return json.dumps([VERSION, schema, purpose, str(row)]).encode()


def seal(text: str, *, purpose: str, row: object, schema: str | None = None) -> str:
    """A text for the database that only :func:`unseal` with the same arguments opens.

    ``purpose`` names the column (``"trading_accounts.credential"``), ``row`` is the primary key or another
    name that never changes; ``schema`` is where the row is stored, by default the current one.
    """
    schema = schema or current_schema()
    data = associated_data(schema, purpose, row)
    key_id, master = next(iter(key_ring().items()))
    nonce = os.urandom(_NONCE)
    body = nonce + cipher(master, schema, purpose).encrypt(nonce, text.encode(), data)
    return f"{VERSION}.{key_id}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}"


def unseal(sealed: str, *, purpose: str, row: object, schema: str | None = None) -> str:
    """The text that was sealed in this schema for this purpose and row. Raises UnsealError."""
    schema = schema or current_schema()
    data = associated_data(schema, purpose, row)
    match = _SEALED.match(sealed)
    master = key_ring().get(match["key"]) if match else None
    if match is None or master is None:
        raise _refused(schema, purpose, row, "no sealed text" if match is None else "key is not known")
    try:
        body = base64.b64decode(
            match["body"] + "=" * (-len(match["body"]) % 4), altchars=b"-_", validate=True
        )
        text = cipher(master, schema, purpose).decrypt(body[:_NONCE], body[_NONCE:], data)
    except (InvalidTag, binascii.Error, ValueError):
        raise _refused(schema, purpose, row, "does not belong here or was altered") from None
    return text.decode()


def key_id_of(sealed: str) -> str | None:
    """Id of the key that sealed a text; None for what is no sealed text."""
    match = _SEALED.match(sealed)
    return match["key"] if match else None


def _refused(schema: str, purpose: str, row: object, reason: str) -> UnsealError:
    logger.error(
        "vault refused to open a value",
        extra={"schema": schema, "purpose": purpose, "row": str(row), "reason": reason},
    )
    return UnsealError()
