"""What happens to trading accounts, said once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class TradingAccountCreated(Event):
    """A member added an account."""

    name = "trading_accounts.account_created"
    trading_account_id: UUID
    member_id: UUID
    venue: str


@dataclass(frozen=True, kw_only=True)
class TradingAccountConnected(Event):
    """An account answered. `is_first` is the member's first account ever to do so (it starts the billing
    clock)."""

    name = "trading_accounts.account_connected"
    trading_account_id: UUID
    member_id: UUID
    venue: str
    is_first: bool


@dataclass(frozen=True, kw_only=True)
class TradingAccountDisconnected(Event):
    """An account is not used any more, or does not answer."""

    name = "trading_accounts.account_disconnected"
    trading_account_id: UUID
    member_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class AccountSettingsChanged(Event):
    """The assumptions or faults of a simulated account were changed."""

    name = "trading_accounts.settings_changed"
    trading_account_id: UUID
    settings: dict[str, object]
