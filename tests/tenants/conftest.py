"""Clients that are logged in, on the platform's host or a tenant's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from shared_apps.tenants.models import Tenant

LogIn = Callable[..., Client]


@pytest.fixture
def log_in(acme: Tenant, globex: Tenant, client_of: Callable[..., Client], password: str) -> LogIn:
    """``log_in("superadmin")`` on the platform's host; ``log_in("owner@acme", host="acme")`` on a tenant's."""

    def make(key: str, host: str | None = None) -> Client:
        client = client_of(host)
        name, _, slug = key.partition("@")
        email = f"{name}@{slug}.example.com" if slug else f"{name}@example.com"
        answer = client.post(
            "/api/v1/auth/login/", {"email": email, "password": password}, content_type="application/json"
        )
        assert answer.status_code == 200, answer.content
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {answer.json()['access']}"
        return client

    return make
