"""Background doors of trading. Each task may run twice."""

from __future__ import annotations

from uuid import UUID

from redis.exceptions import RedisError

from shared_apps.core import outbox
from shared_apps.core.tasks import platform_task, tenant_task
from shared_apps.market_data import interest

from . import queries, services

_TELL_WITHIN = 30.0  # seconds; a candle that nobody took until then is made up for by the sweep


@tenant_task("trading.send_order", retry_after=15)
def send_order(*, order_id: str) -> None:
    """Hand an order to its venue."""
    services.send_order(order_id=UUID(order_id))


@tenant_task("trading.reconcile_order", retry_after=15)
def reconcile_order(*, order_id: str, look_up: int) -> None:
    """Find out what became of an order that was not answered."""
    services.reconcile_order(order_id=UUID(order_id), look_up=look_up)


@tenant_task("trading.send_cancel", retry_after=15)
def send_cancel(*, order_id: str) -> None:
    """Ask the venue to cancel an order."""
    services.send_cancel(order_id=UUID(order_id))


@platform_task("trading.tell_tenants")
def tell_tenants(*, symbol: str, interval: str) -> None:
    """A candle has closed: tell the tenants that wait for this instrument."""
    try:
        schemas = interest.interested_schemas(symbol)
    except RedisError:
        return  # every tenant's sweep catches up
    for schema in schemas:
        outbox.publish(
            "trading.meet_market",
            schema=schema,
            kwargs={"symbol": symbol, "interval": interval},
            expires=_TELL_WITHIN,
        )


@tenant_task("trading.meet_market")
def meet_market(*, symbol: str, interval: str) -> None:
    """Let the tenant's orders and bots meet an instrument's latest candles."""
    services.meet_market(symbol=symbol, interval=interval)


@tenant_task("trading.sweep_orders")
def sweep_orders() -> None:
    """Look after what fell through: unanswered orders, candles that were not told of."""
    services.take_up_stuck_orders()
    for symbol in queries.working_symbols():
        services.meet_market(symbol=symbol, interval="")
