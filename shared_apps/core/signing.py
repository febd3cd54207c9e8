"""Keys and signatures that hold in one tenant only (attack table, rows 4 and 16).

Every key is derived from the secret key by HKDF with its purpose and the schema as ``info``; the fallback
keys verify, so that the secret can be rotated (S3-122).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core import signing
from django.utils.translation import gettext as _

from .context import host_schema
from .errors import ForbiddenError


@lru_cache(maxsize=4096)
def _derive(secret: str, purpose: str, schema: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=b"tradehall", info=f"{purpose}|{schema}".encode()).derive(
        secret.encode()
    )


def derived_keys(purpose: str, schema: str) -> list[bytes]:
    """32-byte keys for a purpose in a schema (RFC 5869): the first signs, all verify."""
    secrets: Sequence[str] = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [_derive(secret, purpose, schema) for secret in secrets]


def mac(purpose: str, schema: str, message: bytes) -> str:
    """HMAC-SHA256 of a message as hexadecimal text, under the schema's key for that purpose."""
    return hmac.new(derived_keys(purpose, schema)[0], message, hashlib.sha256).hexdigest()


def mac_is_valid(purpose: str, schema: str, message: bytes, signature: str) -> bool:
    """Whether one of the schema's keys made the signature; compared in constant time."""
    return any(
        hmac.compare_digest(
            hmac.new(key, message, hashlib.sha256).hexdigest().encode(), signature.encode(errors="replace")
        )
        for key in derived_keys(purpose, schema)
    )


def _signer(purpose: str) -> signing.TimestampSigner:
    schema = host_schema()
    keys: list[str | bytes] = [key.hex() for key in derived_keys(f"signed:{purpose}", schema)]
    return signing.TimestampSigner(key=keys[0], fallback_keys=keys[1:], salt=f"{purpose}|{schema}")


def sign(purpose: str, value: Any) -> str:
    """A signed, URL-safe text of a JSON value that is valid on this host's tenant and purpose only."""
    return _signer(purpose).sign_object(value, compress=True)


def unsign(purpose: str, text: str, *, max_age: timedelta) -> Any:
    """The value of :func:`sign`. Raises ForbiddenError for a foreign, altered or expired text."""
    try:
        return _signer(purpose).unsign_object(text, max_age=max_age)
    except signing.SignatureExpired:
        raise ForbiddenError("signature.expired", _("This link has expired.")) from None
    except (signing.BadSignature, ValueError):
        raise ForbiddenError("signature.invalid", _("This link is not valid here.")) from None
