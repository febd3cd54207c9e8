"""Fixtures for every test: tenants, people, clients, and the audit actor that a write needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import Client, TransactionTestCase

from billing.subscriptions import api_meter, standing
from shared_apps.access.actors import forget_all_actors
from shared_apps.configuration import store
from shared_apps.core import options
from shared_apps.core.context import audit_context, tenant_context
from shared_apps.factors import gate
from shared_apps.tenants import demo, hosts
from shared_apps.tenants.models import Tenant
from shared_apps.users import principals
from shared_apps.users.models import User
from tests import servers
from tests.support import live as live_processes
from tests.support import simulators as simulator_processes


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """The database is made by tests.servers before Django starts."""


@pytest.fixture(scope="session", autouse=True)
def _options_without_a_database(django_db_blocker: Any) -> None:
    """In a test that may not use the database every option has its default."""

    def resolve(schema: str) -> Mapping[str, Any]:
        # pytest-django replaces this method by one of its own as long as a test may not connect.
        blocked = getattr(BaseDatabaseWrapper.ensure_connection, "__self__", None) is django_db_blocker
        return {} if blocked else store.changed_values(schema)

    options.register_resolver(resolve)


def recreate_database() -> None:
    """Forget everything that was committed: this worker's database is copied anew from the template."""
    for connection in connections.all(initialized_only=True):
        connection.close()
        if getattr(connection, "pool", None):
            connection.close_pool()
    servers.create_database()
    hosts.forget()


# The stock flush truncates the current schema only, and would meet the append-only journals.
TransactionTestCase._fixture_teardown = lambda self: recreate_database()  # type: ignore[method-assign]


@pytest.fixture(autouse=True)
def _actor_and_empty_caches() -> Iterator[None]:
    """A test's own writes are made by the actor ``test``; caches start empty."""
    for alias in ("default", "host", "directory"):
        caches[alias].clear()
    hosts.forget()
    store.forget()
    principals.forget_everybody()
    forget_all_actors()
    gate.forget_everybody()
    standing.forget()
    api_meter.forget()
    with audit_context(actor_label="test"):
        yield


@pytest.fixture
def acme(db: None) -> Tenant:
    """The demo tenant ``acme`` with its seven people."""
    return Tenant.objects.get(slug="acme")


@pytest.fixture
def globex(db: None) -> Tenant:
    """The other tenant."""
    return Tenant.objects.get(slug="globex")


@pytest.fixture
def in_acme(acme: Tenant) -> Iterator[Tenant]:
    """Inside acme's schema for the whole test."""
    with tenant_context(acme):
        yield acme


@pytest.fixture
def person(db: None) -> Callable[[str], User]:
    """``person("trader@acme")``: one of the demo's people; ``person("superadmin")`` for platform roles."""

    def find(key: str) -> User:
        name, _, slug = key.partition("@")
        return User.objects.get(email=f"{name}@{slug}.example.com" if slug else f"{name}@example.com")

    return find


@pytest.fixture
def password() -> str:
    """Everybody's password in the demo."""
    return demo.PASSWORD


@pytest.fixture
def client_of() -> Callable[..., Client]:
    """``client_of("acme")``: a client whose requests go to that tenant's host; ``None`` for the platform."""

    def make(slug: str | None = None, **defaults: Any) -> Client:
        host = f"{slug}.localhost" if slug else "localhost"
        return Client(headers={"host": host}, raise_request_exception=False, **defaults)

    return make


@pytest.fixture(scope="module")
def live(django_db_blocker: Any) -> Iterator[live_processes.Live]:
    """A web process over a real socket; what a module's tests commit is forgotten at its end."""
    with live_processes.web() as running:
        yield running
    with django_db_blocker.unblock():
        recreate_database()


@pytest.fixture
def simulators(settings: Any) -> simulator_processes.Simulators:
    """The emulators of the remote payment services, empty, and SIMULATOR_URL set to them."""
    running = simulator_processes.shared()
    running.control("reset")
    settings.SIMULATOR_URL = running.url
    return running
