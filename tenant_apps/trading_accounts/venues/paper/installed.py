"""The paper venue as an installed venue."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from tenant_apps.trading_accounts.venues.base import AccountConnection, VenueType

from .book import StoredBook
from .market import StoredMarket
from .model import Faults, PaperModel
from .venue import CAPABILITIES, PaperVenue

KEY = "paper"


def open_paper(connection: AccountConnection) -> PaperVenue:
    """Open a simulated account. Its settings hold `paper` (assumptions) and `faults` (what goes wrong on
    purpose)."""
    return PaperVenue(
        account_id=connection.account_id,
        book=StoredBook(UUID(connection.account_id)),
        market=StoredMarket(),
        model=PaperModel.from_settings(_part(connection.settings, "paper")),
        faults=Faults.from_settings(_part(connection.settings, "faults")),
    )


def check_settings(settings: Mapping[str, object]) -> None:
    """Raise ValueError when an account's settings name or hold something that the paper venue does not
    know."""
    unknown = sorted(set(settings) - {"paper", "faults"})
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(unknown)}")
    PaperModel.from_settings(_part(settings, "paper"))
    Faults.from_settings(_part(settings, "faults"))


def _part(settings: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = settings.get(name, {})
    if not isinstance(part, Mapping):
        raise ValueError(f"{name} must be an object")
    return part


PAPER = VenueType(
    key=KEY,
    label="Paper trading",
    capabilities=CAPABILITIES,
    open=open_paper,
    check_settings=check_settings,
)
