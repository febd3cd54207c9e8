"""What apps above do when a person joins a tenant (their Member row, for one)."""

from __future__ import annotations

from typing import Protocol

from shared_apps.core.context import tenant_context

from .hosts import HostTenant
from .models import User


class JoinHook(Protocol):
    """Work inside the tenant that a person joins, in the transaction that lets them in; idempotent."""

    def __call__(self, *, user: User) -> object: ...


_hooks: dict[str, JoinHook] = {}


def register_join_hook(name: str, function: JoinHook) -> None:
    """Add work for every person who joins a tenant; called in an app's ``ready()``."""
    _hooks[name] = function


def run_join_hooks(user: User, tenant: HostTenant) -> None:
    """Step: run all hooks inside the tenant, in order of registration."""
    with tenant_context(tenant):
        for hook in _hooks.values():
            hook(user=user)
