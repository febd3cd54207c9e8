"""Pytest plugin: every statement that a test executes on the runtime alias passes the statement linter."""

from __future__ import annotations

from collections.abc import Generator
from functools import lru_cache
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db.backends.signals import connection_created

from shared_apps.core.context import PUBLIC, current_schema

from .statements import problems


class _Watch:
    """Off during tests marked ``hostile_sql``: they execute what must be refused by the database."""

    on = True


class StatementRefused(AssertionError):
    """A statement would not run on an engine sharded by schema."""


@lru_cache(maxsize=1)
def tables() -> tuple[frozenset[str], frozenset[str]]:
    """Names of the tables that live in public only, and of those in tenants only."""
    in_public: set[str] = set()
    in_tenants: set[str] = set()
    for config in apps.get_app_configs():
        home = {
            (True, False): in_public,
            (False, True): in_tenants,
        }.get((config.name in settings.SHARED_APPS, config.name in settings.TENANT_APPS))
        if home is not None:
            home |= {model._meta.db_table for model in config.get_models(include_auto_created=True)}
    return frozenset(in_public), frozenset(in_tenants)


def watch(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Execute wrapper: raises StatementRefused with the statement and the rule."""
    if _Watch.on and isinstance(sql, str):
        found = problems(sql, current_schema() != PUBLIC, *tables())
        if found:
            raise StatementRefused(f"{'; '.join(found)}\n{sql[:1000]}")
    return execute(sql, params, many, context)


def _install(connection: Any, **_kwargs: Any) -> None:
    if connection.alias == "default" and watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(watch)


def pytest_configure() -> None:
    """Watch every connection of this process, those of threads too."""
    connection_created.connect(_install, dispatch_uid="tests.lints.plugin")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Switch the watch off for tests that attack."""
    _Watch.on = item.get_closest_marker("hostile_sql") is None
    try:
        return (yield)
    finally:
        _Watch.on = True
