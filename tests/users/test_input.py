"""Foreign origins and hostile text at the doors of identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Session, User
from tests.users.conftest import Api

MakeApi = Callable[..., Api]


@pytest.mark.req("S3-113")
@pytest.mark.parametrize(
    ("origin", "allowed"), [("https://app.example.com", True), ("https://evil.com", False)]
)
def test_only_declared_origins_may_read_answers(
    acme: Tenant, client_of: Callable[..., Client], settings: Any, origin: str, allowed: bool
) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.com"]
    headers = {
        "host": "acme.localhost", "origin": origin, "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }  # fmt: skip
    answer = client_of("acme").options("/api/v1/auth/login/", headers=headers)
    assert answer.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.req("S3-115", "S3-116")
@pytest.mark.parametrize(
    "text", ["' OR '1'='1", "trader@acme.example.com' --", "%", "_", "'; DROP TABLE users_user; --", "\\"]
)
def test_hostile_text_is_a_value_and_nothing_else(acme: Tenant, api: MakeApi, text: str) -> None:
    people = User.objects.count()
    for body in (
        {"username": text, "password": text},
        {"username": "trader@acme.example.com", "password": text},
    ):
        assert api("acme").post("auth/login/", body).status_code == 400
    door = api(None, "admin")
    assert door.client.get("/api/v1/users/", {"username": text}, headers={
        "host": "localhost", "authorization": f"Bearer {door.token}"}).json()["count"] == 0  # fmt: skip
    assert User.objects.count() == people and Session.objects.count() == 1
