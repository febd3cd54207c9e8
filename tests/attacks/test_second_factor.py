"""Attack table, row 14: the second factor over a real socket, with the rates of production."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from shared_apps.tenants import demo
from tests.attacks.people import TRADER, A, bearer, log_in, me, pair
from tests.factors.devices import code_of
from tests.support import live as live_processes
from tests.support.live import Answer, Live

pytestmark = [pytest.mark.xdist_group("attacks-second-factor"), pytest.mark.req("F25")]
MFA = "/api/v1/auth/mfa"


@pytest.fixture(scope="module")
def throttled(live: Live) -> Iterator[Live]:
    """A second web process over the same database, with the rates of production and counters of its own."""
    with live_processes.web(THROTTLE_FACTOR="1", VALKEY_PREFIX=f"attack-{uuid.uuid4().hex}") as running:
        yield running


@pytest.fixture(scope="module")
def secret(live: Live) -> str:
    """Acme's trader sets up an app; the app's secret."""
    token = bearer(pair(live, A, TRADER)["access"])
    setup = live.request("POST", f"{MFA}/totp/setup/", host=A, json_body={}, headers=token).json()
    body = {"setup_token": setup["setup_token"], "code": code_of(setup["secret"], ahead=-1)}
    added = live.request("POST", f"{MFA}/totp/", host=A, json_body=body, headers=token)
    assert added.status == 201, added.body
    return str(setup["secret"])


def begin(live: Live) -> dict[str, Any]:
    answer = log_in(live, A, {"email": TRADER, "password": demo.PASSWORD})
    assert answer.status == 202, answer.body
    found: dict[str, Any] = answer.json()
    return found


def finish(live: Live, challenge: str, code: str) -> Answer:
    body = {"challenge_token": challenge, "code": code}
    return live.request("POST", f"{MFA}/authenticate/", host=A, json_body=body)


def test_14_the_apis_log_in_demands_the_second_factor_too(live: Live, secret: str) -> None:
    answer = log_in(live, A, {"email": TRADER, "password": demo.PASSWORD})
    assert answer.status == 202 and not answer.set_cookies
    body = answer.json()
    assert not {"access", "refresh", "access_token", "refresh_token", "user"} & set(body)
    challenge = body["challenge_token"]
    assert me(live, A, challenge).status == 401
    refreshed = live.request("POST", "/api/v1/auth/token/refresh/", host=A, json_body={"refresh": challenge})
    assert refreshed.status == 401
    done = finish(live, challenge, code_of(secret))
    assert done.status == 200, done.body
    assert me(live, A, done.json()["access"]).status == 200


def test_14_guessing_the_second_factor_ends_in_429(throttled: Live, secret: str) -> None:
    challenge = begin(throttled)["challenge_token"]
    statuses = [finish(throttled, challenge, f"{number:06}").status for number in range(500)]
    assert statuses[0] == 400 and set(statuses) == {400, 429}
    assert statuses.index(429) <= 10 and set(statuses[10:]) == {429}
    late = finish(throttled, challenge, code_of(secret, ahead=1))
    assert late.status == 429 and int(late.headers["retry-after"]) > 0
