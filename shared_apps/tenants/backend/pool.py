"""Options of the psycopg pool (Django's ``OPTIONS["pool"]``); free of imports that need settings."""

from __future__ import annotations

from typing import Any


def _reset(connection: Any) -> None:
    """Give a returned connection no role and no path, so that a forgotten context fails closed."""
    connection.autocommit = True
    connection.execute("RESET ROLE; RESET search_path")


def pool_options(*, max_size: int) -> dict[str, Any]:
    """A pool of at most ``max_size`` connections, each replaced after ten minutes.

    A backend that touched every table of a tenant keeps 2.5 MB for ever, hence ``max_lifetime`` (seconds).
    """
    return {"min_size": 1, "max_size": max_size, "max_lifetime": 600.0, "timeout": 10.0, "reset": _reset}
