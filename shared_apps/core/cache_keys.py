"""Cache keys carry the tenant (attack table, row 5)."""

from __future__ import annotations

from .context import current_schema, host_schema


def by_schema(key: str, key_prefix: str, version: int) -> str:
    """Key in the cache of the schema that we are in."""
    return f"{current_schema()}:{key_prefix}:{version}:{key}"


def by_host(key: str, key_prefix: str, version: int) -> str:
    """Key in the cache of the tenant whose host was called: the same before, during and after log-in."""
    return f"host:{host_schema()}:{key_prefix}:{version}:{key}"
