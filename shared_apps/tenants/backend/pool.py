"""Options of the psycopg pool (Django's ``OPTIONS["pool"]``); free of imports that need settings."""

from __future__ import annotations

from typing import Any


def pool_options(*, max_size: int) -> dict[str, Any]:
    """A pool of at most ``max_size`` connections, each replaced after ten minutes.

    A backend that touched every table of a tenant keeps 2.5 MB for ever, hence ``max_lifetime`` (seconds).
    There is no ``reset``: the pool would run it in another thread, and a connection is told its role and path
    when it is taken (``DatabaseWrapper.connect``), before anybody can speak through it.
    """
    return {"min_size": 1, "max_size": max_size, "max_lifetime": 600.0, "timeout": 10.0}
