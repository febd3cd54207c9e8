"""The owner's connection: the only one that makes and changes schemas. Web processes do not have it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import connections

from shared_apps.core.errors import UnavailableError

ALIAS = "owner"


def has_owner() -> bool:
    """Whether this process may make schemas (DATABASE_OWNER_URL is set)."""
    return ALIAS in settings.DATABASES


def owner_connection() -> Any:
    """Django's connection of the owner role. Raises UnavailableError where there is none."""
    if not has_owner():
        raise UnavailableError(
            "tenants.no_owner", "This process has no DATABASE_OWNER_URL and cannot change schemas."
        )
    return connections[ALIAS]


def execute_all(connection: Any, statements: Iterable[str]) -> None:
    """Send statements in one message; inside the caller's transaction they succeed or fail together."""
    text = ";\n".join(statements)
    if text:
        connection.ensure_connection()
        # sql: DDL that the owner's own code made with quoted identifiers
        connection.connection.execute(text)
