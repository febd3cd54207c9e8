"""What a bot's page draws: candles, its trades on them, and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum

from shared_apps.access.actors import Actor
from shared_apps.market_data.queries import closed_candles, find_instrument
from shared_apps.market_data.rules import Interval
from tenant_apps.trading.queries import bot_portfolio

from .models import Bot, Decision
from .queries import executions_of, visible_decisions

CANDLES = 240
MARKERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BotSummary:
    """A bot's figures. `realised` is before `fees`, in `currency`; `held` is signed, in `base`."""

    held: Decimal
    realised: Decimal
    fees: Decimal
    executions: int
    decisions: int
    currency: str
    base: str


def summary(actor: Actor, bot: Bot) -> BotSummary:
    """What the bot holds and has earned, from the fills that the actor may see."""
    rows = executions_of(bot)
    sums = rows.aggregate(realised=Sum("realised"), fees=Sum("fee"), executions=Count("pk"))
    held, _working = bot_portfolio(bot.pk)
    instrument = find_instrument(bot.symbol)
    return BotSummary(
        held=held,
        realised=sums["realised"] or Decimal(0),
        fees=sums["fees"] or Decimal(0),
        executions=sums["executions"],
        decisions=visible_decisions(actor, bot.pk).count(),
        currency="" if instrument is None else instrument.quote,
        base="" if instrument is None else instrument.base,
    )


def candles(bot: Bot) -> list[dict[str, str]]:
    """The latest closed candles of the bot's market, as the chart and the stream write them."""
    instrument = find_instrument(bot.symbol)
    if instrument is None:
        return []
    return [
        {
            "opened_at": candle.opened_at.isoformat(),
            "open": f"{candle.open:f}",
            "high": f"{candle.high:f}",
            "low": f"{candle.low:f}",
            "close": f"{candle.close:f}",
        }
        for candle in closed_candles(instrument, Interval(bot.interval), limit=CANDLES)
    ]


def trades(actor: Actor, bot: Bot) -> list[dict[str, Any]]:
    """The bot's fills as markers, each on the candle that it happened in."""
    interval = Interval(bot.interval)
    rows = executions_of(bot)
    columns = rows.values_list("id", "order_id", "side", "executed_at")[:MARKERS]
    return [
        {"id": str(pk), "order": str(order_id), "side": side, "time": _candle_time(at, interval).isoformat()}
        for pk, order_id, side, at in columns
    ]


def _candle_time(moment: datetime, interval: Interval) -> datetime:
    """When the candle opened that holds this moment."""
    seconds = int(interval.duration.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=UTC)


def last_decisions(bot_ids: Sequence[UUID]) -> dict[UUID, Decision]:
    """The latest decision of each bot, in one statement. The caller has chosen bots that may be seen."""
    rows = Decision.objects.filter(bot_id__in=bot_ids).select_related("strategy_version")
    latest = rows.order_by("bot_id", "-bar_opened_at").distinct("bot_id")
    return {decision.bot_id: decision for decision in latest}
