"""What is secret of a factor, sealed by the vault and bound to the person whose it is."""

from __future__ import annotations

from typing import Final

from shared_apps.core.context import PUBLIC
from shared_apps.core.crypto import SealedColumn, seal, unseal

#: The member ``secret`` of the data of a person's TOTP authenticator.
TOTP_SECRET: Final = SealedColumn(
    model="mfa.Authenticator", column="data", purpose="factors.totp", row="user_id", key="secret"
)


def seal_totp(secret: str, user_id: int) -> str:
    """A base32 secret for the database."""
    return seal(secret, purpose=TOTP_SECRET.purpose, row=user_id, schema=PUBLIC)


def unseal_totp(sealed: str, user_id: int) -> str:
    """The base32 secret again. Raises UnsealError."""
    return unseal(sealed, purpose=TOTP_SECRET.purpose, row=user_id, schema=PUBLIC)
