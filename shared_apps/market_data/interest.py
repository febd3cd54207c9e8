"""Which tenants want to hear of an instrument's candles, so that a candle does not visit every tenant.

A set in Valkey for each instrument: added to when a bot starts or an order waits, left by a tenant that
has nothing there any more, and put right by every tenant's own sweep. Losing it costs the time until that
sweep.
"""

from __future__ import annotations

from django.db import transaction

from shared_apps.core import valkey
from shared_apps.core.context import current_schema


def _key(symbol: str) -> str:
    return valkey.platform_key("candle-interest", symbol)


def declare_interest(symbol: str) -> None:
    """Have this tenant told of an instrument's candles, once the current transaction has committed."""
    schema = current_schema()
    transaction.on_commit(lambda: _add(symbol, schema), robust=True)


def _add(symbol: str, schema: str) -> None:
    valkey.client().sadd(_key(symbol), schema)


def end_interest(symbol: str) -> None:
    """Have this tenant told no more, once the current transaction has committed."""
    schema = current_schema()
    transaction.on_commit(lambda: _remove(symbol, schema), robust=True)


def _remove(symbol: str, schema: str) -> None:
    valkey.client().srem(_key(symbol), schema)


def interested_schemas(symbol: str) -> list[str]:
    """Return the schemas to tell, in a stable order."""
    names: set[bytes] = valkey.client().smembers(_key(symbol))  # type: ignore[assignment]
    return sorted(name.decode() for name in names)
