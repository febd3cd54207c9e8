"""The client's secret, sealed by the vault and bound to the tenant whose it is."""

from __future__ import annotations

from typing import Final

from shared_apps.core.context import PUBLIC
from shared_apps.core.crypto import SealedColumn, seal, unseal

CLIENT_SECRET: Final = SealedColumn(
    model="sso.IdentityProvider", column="client_secret", purpose="sso.client_secret", row="tenant_id"
)


def seal_secret(secret: str, tenant_id: int) -> str:
    """A client secret for the database."""
    return seal(secret, purpose=CLIENT_SECRET.purpose, row=tenant_id, schema=PUBLIC)


def unseal_secret(sealed: str, tenant_id: int) -> str:
    """The client secret again. Raises UnsealError."""
    return unseal(sealed, purpose=CLIENT_SECRET.purpose, row=tenant_id, schema=PUBLIC)
