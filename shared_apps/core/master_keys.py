"""The vault's master keys as texts; the settings read this, so it needs no Django."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path

KEY_BYTES = 32


def decode_key(text: str) -> bytes:
    """The 32 bytes of a master key in base64, standard or URL-safe. Raises ValueError without the text."""
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/") + "==", validate=False)
    except (binascii.Error, ValueError):
        raise ValueError("a key is 32 bytes in base64") from None
    if len(key) != KEY_BYTES or len(set(key)) < 8:
        raise ValueError("a key is 32 random bytes in base64")
    return key


def new_key() -> str:
    """A new master key as the environment wants it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def own_key(path: Path) -> str:
    """The key that development makes for itself: read from a file, made on the first call.

    Several processes may start at once; all get the key of the one that was first.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(new_key())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()
