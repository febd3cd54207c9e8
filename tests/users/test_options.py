"""OPTIONS describes what its asker may write, also where the address names no object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared_apps.tenants.models import Tenant

from .conftest import Api

pytestmark = pytest.mark.django_db


def options(api: Api, path: str) -> dict[str, Any]:
    answer = api._send("options", path)
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def test_ones_own_thing_has_no_key_in_its_address(api: Callable[..., Api], acme: Tenant) -> None:
    told = options(api("acme", "trader"), "auth/user/avatar/")
    assert told["actions"]["PUT"]["avatar"]["required"] is True


def test_only_what_the_asker_may_do_is_told(api: Callable[..., Api], acme: Tenant) -> None:
    assert "POST" in options(api("acme", "trader"), "trading/orders/")["actions"]
    assert "actions" not in options(api("acme", "auditor"), "trading/orders/")
