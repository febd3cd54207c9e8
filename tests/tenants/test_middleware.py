"""What a process imports lazily must not belong to the tenant of its first request."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests import servers

SCRIPT = """
import django; django.setup()
from django.test import Client
from shared_apps.users import tokens
def list_executions(slug):
    client = Client(headers={"host": f"{slug}.localhost"})
    body = {"email": f"trader@{slug}.example.com", "password": "demo-Passw0rd!"}
    access = client.post("/api/v1/auth/login/", body, content_type="application/json").json()["access"]
    account = "01a1f989-5d13-7309-806b-6a0b548fdd36"
    path = f"/api/v1/trading/executions/?trading_account={account}"
    return client.get(path, headers={"authorization": f"Bearer {access}"}).status_code
print(list_executions("acme"), list_executions("globex"), list_executions("acme"))
"""


@pytest.mark.req("F1")
@pytest.mark.django_db(transaction=True)
def test_the_first_request_binds_no_class_to_its_tenant() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=servers.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    first, second, third = done.stdout.split()[-3:]
    assert first == second == third != "500"
