"""What a process imports lazily must not belong to the tenant of its first request."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests import servers
from tests.support.letters import send_waiting_letters

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


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("keeps", "link"), [(True, "http://acme.localhost:6666/"), (False, "http://acme.localhost/")]
)
def test_a_port_that_a_caller_invents_reaches_no_mail(
    acme: Tenant, person: Callable[[str], User], settings: Any, keeps: bool, link: str
) -> None:
    settings.HOST_KEEPS_PORT = keeps
    Client(headers={"host": "acme.localhost:6666"}).post(
        "/api/v1/auth/password/reset/",
        {"email": person("trader@acme").email},
        content_type="application/json",
    )
    send_waiting_letters()
    assert link in mail.outbox[-1].body
