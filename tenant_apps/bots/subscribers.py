"""What bots do when something happens below them."""

from __future__ import annotations

from django.utils import timezone

from billing.subscriptions import meters
from billing.subscriptions.events import MeterAlert, SubscriptionStateChanged
from billing.subscriptions.gate import access_of
from billing.subscriptions.options import REQUIRED_TO_TRADE
from billing.subscriptions.rules.limits import Meter
from billing.subscriptions.rules.states import Action, Status
from shared_apps.core.background import enqueue
from shared_apps.core.context import current_tenant
from shared_apps.market_data.interest import end_interest
from tenant_apps.trading.events import MarketMet
from tenant_apps.trading.queries import working_symbols

from .queries import bots_at_work
from .services import pause_running
from .services.quota import NOT_PAID, USED_UP

_CLOSED = (Status.READ_ONLY, Status.SUSPENDED, Status.CANCELED)


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
        pause_running(reason=USED_UP)


def on_subscription_state(event: SubscriptionStateChanged) -> None:
    """Pause bots that no subscription carries any more: a person's, or the whole organisation's."""
    tenant = current_tenant()
    if tenant is None:
        return
    if event.user_id is None:
        if event.after in _CLOSED:
            pause_running(reason=NOT_PAID)
    elif REQUIRED_TO_TRADE.value_for(tenant.schema_name):
        now = timezone.now()
        if not access_of(tenant, event.user_id, now).may(Action.BOTS, now):
            pause_running(reason=NOT_PAID, user_id=event.user_id)
