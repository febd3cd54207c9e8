"""Actors of the demo tenant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared_apps.access.actors import Actor, load_actor
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member


@pytest.fixture
def actor_of(in_acme: Tenant, person: Callable[[str], User]) -> Callable[[str], Actor]:
    """``actor_of("trader")``: that member of acme."""
    return lambda key: load_actor(person(f"{key}@acme"), in_acme, fresh=True)


@pytest.fixture
def member(in_acme: Tenant) -> Callable[[str], Member]:
    """``member("trader")``: that member's row."""
    return lambda key: Member.objects.get(email=f"{key}@acme.example.com")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every event emitted during the test."""
    from shared_apps.core import events

    heard: list[Any] = []
    monkeypatch.setitem(events._SUBSCRIBERS, events.Event, [heard.append])
    return heard
