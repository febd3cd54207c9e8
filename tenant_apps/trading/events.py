"""What happens in trading, said once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(Event):
    """An order was accepted by us and waits to be sent."""

    name = "trading.order_placed"
    order_id: UUID
    trading_account_id: UUID
    symbol: str
    side: str
    quantity: str
    bot_id: UUID | None


@dataclass(frozen=True, kw_only=True)
class OrderChanged(Event):
    """An order took a step. `source` is us, venue or reconciliation."""

    name = "trading.order_changed"
    order_id: UUID
    trading_account_id: UUID
    status: str
    source: str
    reason_code: str


@dataclass(frozen=True, kw_only=True)
class OrderExecuted(Event):
    """A fill was recorded. Amounts are text; `realised` is gross of the fee."""

    name = "trading.order_executed"
    order_id: UUID
    execution_id: UUID
    trading_account_id: UUID
    bot_id: UUID | None
    symbol: str
    side: str
    quantity: str
    price: str
    realised: str
    fee: str
    currency: str


@dataclass(frozen=True, kw_only=True)
class CancelRequested(Event):
    """Somebody asked to cancel an order."""

    name = "trading.cancel_requested"
    order_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class MarketMet(Event):
    """The tenant's working orders have met an instrument's latest candles; bots may decide now."""

    name = "trading.market_met"
    symbol: str
    interval: str
