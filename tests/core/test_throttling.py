"""Rates: exact, per host, per person or address, with Retry-After."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from django.test import Client

from shared_apps.core import throttling, valkey
from shared_apps.core.context import audit_context, host_context
from shared_apps.core.errors import UnavailableError
from shared_apps.tenants.models import Tenant

DEMO = "demo-Passw0rd!"
pytestmark = pytest.mark.req("S3-114", "C21")


@pytest.fixture(autouse=True)
def _real_rates(settings: Any) -> Iterator[None]:
    settings.THROTTLE_FACTOR = 1
    settings.VALKEY_PREFIX = f"{settings.VALKEY_PREFIX}-{time.time_ns()}"
    client, keys = valkey.client(), f"{settings.VALKEY_PREFIX}:*"
    throttling.listen_again()
    yield
    throttling.listen_again()
    for key in client.scan_iter(keys):
        client.delete(key)


def test_the_numbers_are_the_documents() -> None:
    from config.settings import base

    assert base.THROTTLE_RATES["anonymous"] == ("100/hour",)
    assert base.THROTTLE_RATES["user"] == ("1000/hour",)


@pytest.mark.parametrize("rate", ["", "10", "10/", "x/hour", "10/fortnight", "-1/hour", "1.5/hour"])
def test_a_rate_that_is_none_is_refused(rate: str) -> None:
    with pytest.raises(ValueError, match="a rate is"):
        throttling.parse_rate(rate)


def test_all_rates_of_a_scope_hold(settings: Any) -> None:
    settings.THROTTLE_RATES = {"auth": ("3/second", "5/hour")}
    assert [throttling.hit("auth", "a") for _ in range(4)] == [None, None, None, 1]
    time.sleep(1.1)
    first, second = throttling.hit("auth", "a"), throttling.hit("auth", "a")
    assert first is None
    assert second is not None and 3500 < second <= 3600
    assert throttling.hit("auth", "b") is None


def test_the_window_begins_with_the_first_and_is_not_prolonged(settings: Any) -> None:
    settings.THROTTLE_RATES = {"user": ("1/second",)}
    assert throttling.hit("user", "a") is None
    deadline = time.monotonic() + 3
    while throttling.hit("user", "a") is not None:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_hosts_do_not_share_a_budget(acme: Tenant, globex: Tenant, settings: Any) -> None:
    settings.THROTTLE_RATES = {"user": ("1/hour",)}
    for tenant in (acme, globex):
        with host_context(tenant):
            assert throttling.hit("user", "7") is None
            assert throttling.hit("user", "7") is not None
    assert throttling.hit("user", "7") is None


def test_no_count_is_lost_between_threads(settings: Any) -> None:
    settings.THROTTLE_RATES = {"user": ("100/hour",)}
    passed: list[int | None] = []

    def knock() -> None:
        passed.extend(throttling.hit("user", "7") for _ in range(50))

    threads = [threading.Thread(target=knock) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(None) == 100 and len(passed) == 200


def test_the_factor_raises_the_rate_and_leaves_the_counting(settings: Any) -> None:
    settings.THROTTLE_RATES, settings.THROTTLE_FACTOR = {"user": ("1/hour",)}, 3
    assert [throttling.hit("user", "a") is None for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::9", "2001:db8:1:2::"),
        (None, "unknown"),
    ],
)
def test_addresses(address: str | None, counted: str) -> None:
    with audit_context(remote_addr=address):
        assert throttling.client_address() == counted


def test_without_a_counter_secrets_stay_shut_and_the_rest_open(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = redis.Redis(unix_socket_path="/nonexistent/valkey.sock")
    monkeypatch.setattr(valkey, "client", lambda: nobody)
    assert throttling.hit("user", "a") is None
    start = time.monotonic()
    for _ in range(20):
        with pytest.raises(UnavailableError):
            throttling.hit("auth", "a")
        assert throttling.hit("user", "a") is None
    assert time.monotonic() - start < 0.5  # it does not ask a dead server for every request


def test_the_script_is_found_again_after_a_restart_of_valkey() -> None:
    assert throttling.hit("user", "a") is None
    valkey.client().script_flush()
    assert throttling.hit("user", "a") is None


# --- at the door -----------------------------------------------------------------------------------


def get(client: Client, token: str = "", address: str = "192.0.2.1") -> Any:
    headers = {"host": client.defaults["HTTP_HOST"]}
    if token:
        headers["authorization"] = f"Bearer {token}"
    return client.get("/api/v1/auth/user/", headers=headers, REMOTE_ADDR=address)


def log_in(client: Client, email: str, address: str = "192.0.2.1", password: str = DEMO) -> Any:
    return client.post(
        "/api/v1/auth/login/",
        {"email": email, "password": password},
        content_type="application/json",
        REMOTE_ADDR=address,
    )


def test_a_person_is_counted_wherever_they_are(
    acme: Tenant, globex: Tenant, client_of: Callable[..., Client], settings: Any
) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "user": ("3/hour",)}
    client = client_of("acme")
    token = log_in(client, "trader@acme.example.com").json()["access"]
    other = log_in(client, "buyer@acme.example.com").json()["access"]
    statuses = [get(client, token, f"192.0.2.{number}").status_code for number in range(1, 5)]
    assert statuses == [200, 200, 200, 429]
    refused = get(client, token)
    assert 1 <= int(refused["Retry-After"]) <= 3601
    assert refused.json()["code"] == "throttled" and refused.json()["error"] is True
    assert get(client, other).status_code == 200
    elsewhere = client_of("globex")
    token = log_in(elsewhere, "trader@globex.example.com").json()["access"]
    assert get(elsewhere, token).status_code == 200


@pytest.mark.req("S3-112")
def test_guessing_one_name_ends_in_429_and_leaves_others_alone(
    acme: Tenant, client_of: Callable[..., Client]
) -> None:
    client, victim = client_of("acme"), "trader@acme.example.com"
    statuses = [log_in(client, victim, password="wrong").status_code for _ in range(12)]
    assert statuses == [400] * 10 + [429] * 2
    assert log_in(client, victim.upper()).status_code == 429
    assert log_in(client, "buyer@acme.example.com").status_code == 200
    assert log_in(client, victim, address="192.0.2.2").status_code == 200


def test_spraying_many_names_meets_the_anonymous_rate(
    acme: Tenant, client_of: Callable[..., Client], settings: Any
) -> None:
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "anonymous": ("4/hour",)}
    client = client_of("acme")
    statuses = [log_in(client, f"n{n}@acme.example.com", password="x").status_code for n in range(6)]
    assert statuses == [400] * 4 + [429] * 2
