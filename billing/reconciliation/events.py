"""What reconciliation tells, on the platform and in the tenants it swept."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ReconciliationRequested(Event):
    """Somebody wants the books compared now."""

    name = "reconciliation.run_requested"

    reconciliationrun_id: UUID


@dataclass(frozen=True, kw_only=True)
class ReconciliationFinished(Event):
    """The books were compared."""

    name = "reconciliation.run_finished"

    reconciliationrun_id: UUID
    state: str
    movements: int
    unanswered: int
    break_count: int


@dataclass(frozen=True, kw_only=True)
class PlatformSettled(Event):
    """What a tenant owes the platform was handed over to the platform's ledger."""

    name = "reconciliation.platform_settled"

    currency: str
    minor_units: int
    key: str
