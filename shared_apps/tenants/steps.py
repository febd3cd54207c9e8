"""Registries of the tenancy kernel: what apps above add to each schema and to each new tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

#: Idempotent SQL for a schema after its migrations: ``function(schema_name) -> statements``.
SchemaStep = Callable[[str], Iterable[str]]
#: Work inside a new tenant, in the transaction that creates it: ``function(tenant=..., owner=...)``.
TenantHook = Callable[..., Any]

_schema_steps: dict[str, SchemaStep] = {}
_tenant_hooks: dict[str, TenantHook] = {}


def register_schema_step(name: str, function: SchemaStep) -> None:
    """Add SQL that every schema, public too, gets after its migrations (audit triggers, for one)."""
    _schema_steps[name] = function


def register_tenant_hook(name: str, function: TenantHook) -> None:
    """Add work done inside every new tenant (its owner's Member row, for one)."""
    _tenant_hooks[name] = function


def schema_statements(schema: str) -> list[str]:
    """All registered steps' SQL for a schema, in order of registration."""
    return [statement for step in _schema_steps.values() for statement in step(schema)]


def tenant_hooks() -> list[TenantHook]:
    """The registered hooks, in order of registration."""
    return list(_tenant_hooks.values())
