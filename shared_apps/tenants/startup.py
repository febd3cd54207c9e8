"""What must hold before a process serves or works."""

from __future__ import annotations

from typing import Any

import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from .roles import unsafe_runtime_reasons


def refuse_unsafe_runtime() -> None:
    """Raise ImproperlyConfigured when the runtime login could see or change more than its tenants' rows.

    Asks as the login itself, on a plain connection: outside the pool, because worker processes are forked
    afterwards, and without the platform role, which an unsafe login may not even have.
    """
    parameters: dict[str, Any] = connections.create_connection("default").get_connection_params()
    with psycopg.connect(**parameters) as connection, connection.cursor() as cursor:
        reasons = unsafe_runtime_reasons(cursor)
    if reasons:
        raise ImproperlyConfigured(
            f"DATABASE_URL: the login {parameters['user']} is {', '.join(reasons)}; "
            "the application runs as a role without rights of its own (config.embedded.roles makes one)"
        )
