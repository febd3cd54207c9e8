"""How long a repeated call is harmless."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from billing.payments.providers.base import ProviderUnknown


def refuse_old_key(key: str, now: datetime, kept: timedelta) -> None:
    """Repeating a call is harmless only while the service remembers its key; ours tell when they were made.

    Raises ProviderUnknown for older ones: a person looks, nothing is sent twice.
    """
    try:
        made = UUID(key)
    except ValueError:
        return
    if made.version == 7 and now - datetime.fromtimestamp((made.int >> 80) / 1000, UTC) > kept:
        raise ProviderUnknown("key_forgotten", "look for it in Stripe's dashboard")
