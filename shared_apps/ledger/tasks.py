"""The door by which time ends holds."""

from __future__ import annotations

from shared_apps.core.tasks import platform_task, tenant_task

from . import services


@tenant_task("ledger.expire_holds")
def expire_holds() -> None:
    """End the tenant's holds that ran out."""
    services.expire_holds()


@platform_task("ledger.expire_platform_holds")
def expire_platform_holds() -> None:
    """The same in the platform's own ledger."""
    services.expire_holds()
