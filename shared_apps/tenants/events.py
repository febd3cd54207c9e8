"""What happens to tenants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class TenantCreated(Event):
    name = "tenants.tenant_created"

    tenant_id: int
    slug: str
    owner_id: int | None


@dataclass(frozen=True, kw_only=True)
class TenantStateChanged(Event):
    name = "tenants.state_changed"

    tenant_id: int
    slug: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class LeakDrillRun(Event):
    name = "tenants.leak_drill_run"

    green: bool
    report: dict[str, Any]
    signature: str


@dataclass(frozen=True, kw_only=True)
class TenantChanged(Event):
    name = "tenants.tenant_changed"

    tenant_id: int
    slug: str
    fields: list[str]
