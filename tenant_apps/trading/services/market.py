"""What a new candle means for a tenant: simulated orders fill, open positions change their value, bots
may decide."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from shared_apps.core import streams
from shared_apps.core.events import emit
from shared_apps.market_data import queries as market_data
from shared_apps.market_data.models import Instrument
from tenant_apps.trading import shapes
from tenant_apps.trading.events import MarketMet
from tenant_apps.trading.models import Order, OrderEvent, Position
from tenant_apps.trading.rules.states import OrderStatus
from tenant_apps.trading_accounts.queries import open_venue
from tenant_apps.trading_accounts.venues.base import VenueError
from tenant_apps.trading_accounts.venues.paper.clock import match_working_orders

from .recording import record_report

_AT_VENUE = (
    OrderStatus.ACCEPTED,
    OrderStatus.TRIGGERED,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.PENDING_CANCEL,
    OrderStatus.PENDING_REPLACE,
)


def meet_market(*, symbol: str, interval: str) -> None:
    """Bring the tenant up to an instrument's last closed candle. Doing it again changes nothing.

    A fill that the simulated exchange has made and we have not recorded (our process died in between) is
    found by asking for every order that we still hold for working.
    """
    instrument = market_data.find_instrument(symbol)
    if instrument is None:
        return
    match_working_orders(symbol)
    for order_id in _working_simulated_orders(symbol):
        _ask_again(order_id)
    _tell(instrument, interval)


def _working_simulated_orders(symbol: str) -> list[UUID]:
    rows = Order.objects.filter(
        symbol=symbol, status__in=_AT_VENUE, trading_account__is_simulated=True
    ).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def _ask_again(order_id: UUID) -> None:
    order = Order.objects.select_related("trading_account").get(pk=order_id)
    try:
        report = open_venue(order.trading_account).find(order.client_order_id)
    except VenueError:
        return  # the sweep asks again
    if report is not None:
        record_report(order_id=order_id, report=report, source=OrderEvent.Source.VENUE)


@transaction.atomic(durable=True)
def _tell(instrument: Instrument, interval: str) -> None:
    """Tell the streams what open positions are worth, and the bots that the market is met."""
    bar = market_data.last_bar(instrument)
    if bar is not None:
        mark = instrument.spec.price(bar.close)
        rows = Position.objects.filter(symbol=instrument.symbol).exclude(quantity=0)
        for position in rows.select_related("trading_account").order_by("pk"):
            streams.publish(
                "portfolio",
                {"type": "position", **shapes.position_shape(position, mark)},
                member_id=position.trading_account.member_id,
            )
    emit(MarketMet(symbol=instrument.symbol, interval=interval))
