"""What bots do when something happens below them."""

from __future__ import annotations

from shared_apps.core.background import enqueue
from shared_apps.market_data.interest import end_interest
from tenant_apps.trading.events import MarketMet
from tenant_apps.trading.queries import working_symbols

from .queries import bots_at_work


def on_market_met(event: MarketMet) -> None:
    """Have the bots of the instrument decide, in a task of their own; without any, ask to be told no more."""
    if bots_at_work(event.symbol, event.interval):
        enqueue("bots.run_bots", symbol=event.symbol, interval=event.interval)
    elif event.symbol not in working_symbols():
        end_interest(event.symbol)
