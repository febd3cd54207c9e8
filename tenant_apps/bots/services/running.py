"""The worker's step: from the candles that have closed to decisions and orders, in one transaction.

The bot's row is locked, its cursor says which candle was decided on last, and decisions, orders, state
and cursor commit together. So a worker that dies in the middle has done nothing, and two workers never
decide twice: the second waits for the lock and finds the cursor moved.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from shared_apps.core.errors import DomainError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from shared_apps.market_data import queries as market_data
from shared_apps.market_data.models import Instrument
from shared_apps.market_data.rules import Interval
from tenant_apps.bots.engine import BarDecision, decide
from tenant_apps.bots.events import BotOrdered
from tenant_apps.bots.models import Bot, Decision
from tenant_apps.bots.rules import AT_WORK, BotStatus, Verdict, is_stale, reduces
from tenant_apps.bots.strategies.base import OrderIntent, Portfolio, Strategy, StrategyError
from tenant_apps.bots.strategies.indicators import Frame
from tenant_apps.bots.strategies.registry import build_strategy
from tenant_apps.trading.models import Order
from tenant_apps.trading.queries import bot_portfolio
from tenant_apps.trading.rules.orders import bot_client_order_id
from tenant_apps.trading.services import queue_order

from .control import change_status

logger = logging.getLogger(__name__)

MOST_BARS = 200
"""Bars decided on in one transaction; a bot that was away longer takes several steps."""


def run_bot(*, bot_id: UUID) -> int:
    """Let a bot decide on every candle that has closed since its last decision; return how many.

    A strategy that breaks its contract puts the bot into error, where its owner finds the reason.
    """
    total = 0
    while True:
        try:
            done = _step(bot_id=bot_id)
        except StrategyError as error:
            logger.exception("bots.strategy_failed", extra={"bot": str(bot_id)})
            _fail(bot_id=bot_id, reason=str(error))
            return total
        total += done
        if done < MOST_BARS:
            return total


@transaction.atomic(durable=True)
def _step(*, bot_id: UUID) -> int:
    bot = _lock(bot_id)
    if bot is None or bot.status not in AT_WORK:
        return 0
    instrument = market_data.find_instrument(bot.symbol)
    if instrument is None:
        change_status(bot, BotStatus.ERROR, reason=f"{bot.symbol} is not traded any more")
        return 0
    version = bot.strategy_version
    strategy = build_strategy(version.strategy, version.params)
    strategy.state = dict(bot.state)
    bars, new = market_data.bars_since(
        instrument,
        Interval(bot.interval),
        after=bot.last_bar_opened_at,
        history=strategy.warmup,
        limit=MOST_BARS,
    )
    if new:
        _decide_on(bot, instrument, strategy, Frame(bars, strategy.indicators()), new)
        bot.last_bar_opened_at, bot.state = bars[-1].opened_at, strategy.state
    bot.heartbeat_at, bot.fence = timezone.now(), bot.fence + 1
    bot.save(update_fields=["last_bar_opened_at", "state", "heartbeat_at", "fence"])
    return new


def _lock(bot_id: UUID) -> Bot | None:
    bot: Bot | None = lock_one(
        Bot.objects.select_related("strategy_version", "trading_account").filter(pk=bot_id)
    )
    return bot


def _decide_on(bot: Bot, instrument: Instrument, strategy: Strategy, frame: Frame, new: int) -> None:
    held, working = bot_portfolio(bot.pk)
    last = frame.bars[-1].opened_at
    rows = []
    for index in range(len(frame.bars) - new, len(frame.bars)):
        frame.cursor = index
        decision = decide(strategy, frame, spec=instrument.spec, portfolio=Portfolio(held, working))
        stale = is_stale(decision.bar_opened_at, last, Interval(bot.interval))
        outcome = _act(bot, instrument, decision, held, is_stale=stale, close=frame.bar.close)
        working += outcome.working
        rows.append(_row(bot, decision, outcome))
    Decision.objects.bulk_create(rows)
    for row in rows:
        for order_id in row.order_ids:
            emit(BotOrdered(bot_id=bot.pk, decision_id=row.pk, order_id=order_id))


@dataclass(slots=True)
class _Outcome:
    """What became of one decision."""

    verdict: Verdict
    text: str = ""
    orders: tuple[Order, ...] = ()

    @property
    def working(self) -> Decimal:
        """The signed quantity that is now on its way."""
        signs = {"buy": 1, "sell": -1}
        return sum((order.quantity * signs[order.side] for order in self.orders), Decimal(0))


def _act(
    bot: Bot,
    instrument: Instrument,
    decision: BarDecision,
    held: Decimal,
    *,
    is_stale: bool,
    close: int,
) -> _Outcome:
    """Turn what the strategy wants into orders, or say why not."""
    if not decision.intents:
        return _Outcome(Verdict.NO_TRADE)
    if is_stale:
        return _Outcome(Verdict.STALE)
    paused = bot.status == BotStatus.PAUSED
    if paused and not all(reduces(held, intent.quantity * intent.side.sign) for intent in decision.intents):
        return _Outcome(Verdict.ENTRIES_PAUSED)
    try:
        with transaction.atomic():
            orders = tuple(_order(bot, instrument, decision, intent, close) for intent in decision.intents)
    except DomainError as error:
        return _Outcome(Verdict.REFUSED, error.message)
    return _Outcome(Verdict.ORDERED, orders=orders)


def _order(bot: Bot, instrument: Instrument, decision: BarDecision, intent: OrderIntent, close: int) -> Order:
    return queue_order(
        account=bot.trading_account,
        instrument=instrument,
        raw={"side": intent.side, "quantity": intent.quantity},
        client_order_id=bot_client_order_id(
            bot_id=bot.pk, bar_opened_at=decision.bar_opened_at, leg=intent.leg, attempt=0
        ),
        bot_id=bot.pk,
        signal_bar_opened_at=decision.bar_opened_at,
        leg=intent.leg,
        expected_price=instrument.spec.price(close),
    )


def _row(bot: Bot, decision: BarDecision, outcome: _Outcome) -> Decision:
    return Decision(
        bot=bot,
        strategy_version=bot.strategy_version,
        bar_opened_at=decision.bar_opened_at,
        rule=decision.rule,
        inputs=dict(decision.inputs),
        thresholds=dict(decision.thresholds),
        sentence=decision.sentence,
        inputs_hash=decision.inputs_hash,
        verdict=outcome.verdict,
        verdict_text=outcome.text[:300],
        order_ids=[order.pk for order in outcome.orders],
    )


@transaction.atomic(durable=True)
def _fail(*, bot_id: UUID, reason: str) -> None:
    bot = _lock(bot_id)
    if bot is not None and bot.status in AT_WORK:
        change_status(bot, BotStatus.ERROR, reason=reason)
