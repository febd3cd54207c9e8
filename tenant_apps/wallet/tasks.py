"""Background work on wallets."""

from __future__ import annotations

from uuid import UUID

from shared_apps.core.tasks import tenant_task

from . import collecting


@tenant_task("wallet.collect_charge")
def collect_charge(*, charge_id: str) -> None:
    """Take a subscription's charge from a wallet."""
    collecting.collect_charge(charge_id=UUID(charge_id))
