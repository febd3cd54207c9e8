"""What bots do when something happens below them."""

from __future__ import annotations

from billing.subscriptions import meters
from billing.subscriptions.events import MeterAlert
from billing.subscriptions.rules.limits import Meter
from shared_apps.core.background import enqueue
from shared_apps.core.context import current_tenant
from shared_apps.market_data.interest import end_interest
from tenant_apps.trading.events import MarketMet
from tenant_apps.trading.queries import working_symbols

from .queries import bots_at_work
from .services import pause_running


def on_market_met(event: MarketMet) -> None:
    """Have the bots of the instrument decide, in a task of their own; without any, ask to be told no more."""
    if bots_at_work(event.symbol, event.interval):
        enqueue("bots.run_bots", symbol=event.symbol, interval=event.interval)
    elif event.symbol not in working_symbols():
        end_interest(event.symbol)


def on_meter_alert(event: MeterAlert) -> None:
    """Pause the bots when the day's minutes of the organisation's plan are used up (C34)."""
    tenant = current_tenant()
    if event.meter == Meter.BOT_MINUTES and tenant is not None and meters.is_full(tenant, event.meter):
        pause_running()
