"""Files under a key of their own, which is sealed beside their row: rotation touches no file."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared_apps.core.context import current_schema

from .vault import UnsealError, associated_data, seal, unseal

_NONCE = 12


@dataclass(frozen=True, slots=True)
class SealedFile:
    """``content`` goes into the storage, ``key`` (a sealed text) into the row's column."""

    content: bytes
    key: str


def seal_file(content: bytes, *, purpose: str, row: object) -> SealedFile:
    """Encrypt a file's bytes for one row of the current schema. ``purpose`` names the column of the key."""
    data = associated_data(current_schema(), f"{purpose}.content", row)
    file_key, nonce = AESGCM.generate_key(256), os.urandom(_NONCE)
    encrypted = nonce + AESGCM(file_key).encrypt(nonce, content, data)
    return SealedFile(encrypted, seal(base64.b64encode(file_key).decode(), purpose=purpose, row=row))


def unseal_file(content: bytes, key: str, *, purpose: str, row: object) -> bytes:
    """The bytes of :func:`seal_file`. Raises UnsealError for another row's or an altered file."""
    file_key = base64.b64decode(unseal(key, purpose=purpose, row=row))
    data = associated_data(current_schema(), f"{purpose}.content", row)
    try:
        return AESGCM(file_key).decrypt(content[:_NONCE], content[_NONCE:], data)
    except (InvalidTag, ValueError):
        raise UnsealError from None
