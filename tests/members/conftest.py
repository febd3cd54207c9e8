"""Actors of the demo tenant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from celery import current_app
from django.core import mail
from django.test import Client

from shared_apps.access.actors import Actor
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tenant_apps.members.models import Member
from tests.support import outbox
from tests.support.people import signed_in


@pytest.fixture
def actor_of(in_acme: Tenant, person: Callable[[str], User]) -> Callable[[str], Actor]:
    """``actor_of("trader")``: that member of acme."""
    return lambda key: signed_in(person(f"{key}@acme"), in_acme)


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


@pytest.fixture
def api(acme: Tenant, client_of: Callable[..., Client], password: str) -> Callable[..., Any]:
    """``api("owner", "POST", address, body)``: one request of an acme member, or of nobody for ""."""
    clients: dict[str, Client] = {}

    def call(who: str, method: str, address: str, body: Any = None, **extra: Any) -> Any:
        if who not in clients:
            client = clients[who] = client_of("acme")
            if who:
                email = f"{who}@acme.example.com"
                answer = client.post(
                    "/api/v1/auth/login/",
                    {"email": email, "password": password},
                    content_type="application/json",
                )
                client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {answer.json()['access']}"
        kind = extra.pop("content_type", "application/json")
        return getattr(clients[who], method.lower())(address, body, content_type=kind, **extra)

    return call


@pytest.fixture
def letters(acme: Tenant) -> Callable[[], list[Any]]:
    """Run the outbox, and give the mails that came of it."""

    current_app.loader.import_default_modules()

    def read() -> list[Any]:
        mail.outbox.clear()
        for done in outbox.run_pending(acme.schema_name):
            assert done.state == "SUCCESS", done.result
        return mail.outbox

    return read
