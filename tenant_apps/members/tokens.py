"""The secret of an invitation's or a join link's address.

It is derived (HMAC-SHA256 under a key of this tenant) from the row's id and generation, so the task that
sends the mail makes the same one each time it runs, and neither the row nor the outbox holds it: the row
keeps a SHA-256 of it, by which it is found.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from shared_apps.core.context import current_schema
from shared_apps.core.signing import derived_keys


def hash_of(token: str) -> str:
    """What is stored of a token, and what it is found by."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def make_token(purpose: str, row_id: UUID, generation: int) -> str:
    """The token of a row, 43 URL-safe characters; the purpose is ``invitation`` or ``join-link``."""
    return _derive(derived_keys(f"members:{purpose}", current_schema())[0], row_id, generation)


def find_token(purpose: str, row_id: UUID, generation: int, token_hash: str) -> str:
    """The token whose hash was stored, whichever of the secret keys made it; "" when none did."""
    for key in derived_keys(f"members:{purpose}", current_schema()):
        token = _derive(key, row_id, generation)
        if hmac.compare_digest(hash_of(token), token_hash):
            return token
    return ""


def _derive(key: bytes, row_id: UUID, generation: int) -> str:
    digest = hmac.new(key, f"{row_id}|{generation}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
