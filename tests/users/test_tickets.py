"""Tickets for WebSockets: one connection, one host, one minute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import caches

from shared_apps.core.context import host_context
from shared_apps.tenants.models import Tenant
from shared_apps.users import tickets
from shared_apps.users.models import Session, User
from shared_apps.users.principals import NotAuthentic
from tests.users.conftest import Api

MakeApi = Callable[..., Api]


@contextmanager
def on(tenant: Tenant) -> Iterator[None]:
    with host_context(tenant):
        yield


def ticket(door: Api) -> str:
    answer = door.post("auth/ws-ticket/")
    assert answer.status_code == 201 and answer.json()["expires_in"] == 60
    assert answer["Cache-Control"] == "no-store"
    return str(answer.json()["ticket"])


def test_a_ticket_says_who_comes_once(acme: Tenant, api: MakeApi, person: Callable[[str], User]) -> None:
    shown = ticket(api("acme", "trader"))
    with on(acme):
        principal = tickets.redeem(shown, acme)
        assert principal.user == person("trader@acme")
        assert principal.actor.capabilities == {"trader"} and principal.actor.session_id is not None
        with pytest.raises(NotAuthentic):
            tickets.redeem(shown, acme)


def test_another_host_does_not_take_it(acme: Tenant, globex: Tenant, api: MakeApi) -> None:
    shown = ticket(api("acme", "trader"))
    with on(globex), pytest.raises(NotAuthentic):
        tickets.redeem(shown, globex)
    with on(acme), pytest.raises(NotAuthentic):
        tickets.redeem(shown, globex)


def test_it_is_worth_nothing_after_the_session_ended(acme: Tenant, api: MakeApi) -> None:
    door = api("acme", "trader")
    shown = ticket(door)
    door.post("auth/logout/")
    with on(acme), pytest.raises(NotAuthentic):
        tickets.redeem(shown, acme)


def test_it_is_kept_as_a_hash_for_a_minute(acme: Tenant, api: MakeApi) -> None:
    shown = ticket(api("acme", "trader"))
    cache: Any = caches["host"]
    client = cache._cache.get_client()
    with on(acme):
        (key,) = [key for key in client.keys("*") if b"ws-ticket" in key]
    assert shown.encode() not in key and acme.schema_name.encode() in key
    assert 55 <= client.ttl(key) <= 60


@pytest.mark.parametrize("shown", ["", "x", "x" * 5000])
def test_nonsense(acme: Tenant, shown: str) -> None:
    with on(acme), pytest.raises(NotAuthentic):
        tickets.redeem(shown, acme)


def test_only_who_is_signed_in_gets_one(acme: Tenant, api: MakeApi) -> None:
    assert api("acme").post("auth/ws-ticket/").status_code == 401
    assert not Session.objects.exists()
