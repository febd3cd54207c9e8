"""What the ledger tells by itself; what a posting means is told by whoever posts it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class HoldExpired(Event):
    """A hold ran out before anybody captured or released it; its amount is available again."""

    name = "ledger.hold_expired"

    hold_id: UUID
    key: str
    code: str
    asset: str
    minor_units: int
    reference: str
