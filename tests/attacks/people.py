"""Who attacks whom: hosts, persons, and the requests that every attack begins with."""

from __future__ import annotations

from typing import Any

from shared_apps.tenants import demo
from tests.support.live import Answer, Live

A, B, PLATFORM = "acme.localhost", "globex.localhost", "localhost"
TRADER = "trader@acme.example.com"
BOTH = "buyer@acme.example.com"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def me(live: Live, host: str, token: str, **headers: str) -> Answer:
    return live.request("GET", "/api/v1/auth/user/", host=host, headers={**bearer(token), **headers})


def log_in(live: Live, host: str, body: dict[str, Any], **headers: str) -> Answer:
    return live.request("POST", "/api/v1/auth/login/", host=host, json_body=body, headers=headers)


def pair(live: Live, host: str, email: str) -> dict[str, Any]:
    answer = log_in(live, host, {"email": email, "password": demo.PASSWORD})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json()
    return found
