"""What trading does when something happens below it."""

from __future__ import annotations

from shared_apps.core.background import enqueue
from shared_apps.market_data.events import CandleClosed


def on_candle_closed(event: CandleClosed) -> None:
    """Have the tenants told, after the candle is committed."""
    enqueue("trading.tell_tenants", symbol=event.symbol, interval=event.interval)
