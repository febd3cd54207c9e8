"""What is derived from the master keys. Nothing here is ever logged."""

from __future__ import annotations

from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from shared_apps.core.master_keys import KEY_BYTES, decode_key


def _derive(master: bytes, info: str, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=b"tradehall vault", info=info.encode()).derive(master)


@lru_cache(maxsize=64)
def _ring(texts: tuple[str, ...]) -> dict[str, bytes]:
    ring: dict[str, bytes] = {}
    for text in texts:
        master = decode_key(text)
        ring.setdefault(_derive(master, "id", 4).hex(), master)
    return ring


def key_ring() -> dict[str, bytes]:
    """Master keys by their ids, the sealing one first. The id tells nothing of the key."""
    ring = _ring(tuple(settings.FIELD_ENCRYPTION_KEYS))
    if not ring:
        raise RuntimeError("FIELD_ENCRYPTION_KEYS is empty: there is no key to seal with")
    return ring


def sealing_key_id() -> str:
    """Id of the key that seals now."""
    return next(iter(key_ring()))


@lru_cache(maxsize=4096)
def cipher(master: bytes, schema: str, purpose: str) -> AESGCM:
    """The cipher of one tenant and purpose under a master key (RFC 5869, 256 bits)."""
    return AESGCM(_derive(master, f"{len(schema)}|{schema}|{purpose}", KEY_BYTES))
