"""Background doors of bots. Each task may run twice."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from shared_apps.core.tasks import tenant_task
from shared_apps.market_data import interest
from tenant_apps.trading.services import meet_market

from . import queries, services


@tenant_task("bots.run_bots")
def run_bots(*, symbol: str, interval: str) -> None:
    """Let the bots of an instrument decide on the candles that have closed."""
    for bot_id in queries.bots_at_work(symbol, interval):
        services.run_bot(bot_id=bot_id)


@tenant_task("bots.sweep_bots")
def sweep_bots() -> None:
    """Catch up on candles that were not told of, and say again which instruments matter here."""
    for symbol in queries.symbols_at_work():
        with transaction.atomic():
            interest.declare_interest(symbol)
        meet_market(symbol=symbol, interval="")


@tenant_task("bots.count_minute")
def count_minute() -> None:
    """Count the minute for each running bot."""
    services.count_minute(timezone.now())
