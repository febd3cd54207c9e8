"""Hosts are kept while the directory stays as it is; one query for all of them sees a change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError

from shared_apps.core import kept
from shared_apps.core.context import platform_context
from shared_apps.tenants import hosts
from shared_apps.tenants.models import Domain, Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.req("F2")]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Lets the time pass after which the directory is asked again."""
    clock, passed = kept.time.monotonic, [0.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock() + passed[0])

    def forward() -> None:
        passed[0] += kept.TTL_SECONDS

    return forward


def suspended(tenant: Any) -> bool:
    found = hosts.resolve("acme.localhost")
    assert isinstance(found, Tenant) and found.pk == tenant.pk
    return not found.is_active


def test_what_another_process_changes_shows_after_a_while(
    acme: Tenant, later: Callable[[], None], django_assert_num_queries: Any
) -> None:
    later()
    assert not suspended(acme)
    with django_assert_num_queries(0):
        assert not suspended(acme)
    later()
    with django_assert_num_queries(1):  # nothing changed: one question for all hosts
        assert not suspended(acme)
    with platform_context():
        Tenant.objects.filter(pk=acme.pk).update(is_active=False, state="suspended")
    assert not suspended(acme)
    later()
    assert suspended(acme)


def test_a_domain_that_came_or_went_shows_after_a_while(acme: Tenant, later: Callable[[], None]) -> None:
    assert hosts.resolve("cards.example.com") is None
    with platform_context():
        Domain.objects.create(domain="cards.example.com", tenant=acme)
    assert hosts.resolve("cards.example.com") is None
    later()
    assert hosts.resolve("cards.example.com") == acme
    with platform_context():
        Domain.objects.filter(domain="cards.example.com").delete()
    later()
    assert hosts.resolve("cards.example.com") is None


def test_what_was_known_holds_when_the_database_does_not_answer(
    acme: Tenant, later: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not suspended(acme)

    class Dead:
        def cursor(self) -> Any:
            raise DatabaseError

    monkeypatch.setattr(hosts, "connection", Dead())
    later()
    assert not suspended(acme)
