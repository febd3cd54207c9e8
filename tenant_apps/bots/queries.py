"""Reads of bots and their journals, always through an actor."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from shared_apps.access.actors import Actor
from shared_apps.access.scoping import get_for, scope
from tenant_apps.trading.models import Execution

from .models import Bot, BotEvent, Decision
from .rules import AT_WORK


def own_bots(actor: Actor) -> Q:
    """Return the condition for the actor's own bots."""
    return Q(member_id=actor.member_id)


def visible_bots(actor: Actor) -> QuerySet[Bot]:
    """Return the bots that the actor may see, with strategy, account and owner."""
    bots = Bot.objects.select_related("strategy_version", "trading_account", "member")
    return scope(bots, actor, "bots.view_bot", own_bots(actor))


def bot_to_act_on(actor: Actor, permission: str, bot_id: Any, *, for_update: bool = False) -> Bot:
    """Return a bot for an action. Not visible: NotFoundError; visible and not allowed: ForbiddenError."""
    bot: Bot = get_for(
        actor,
        Bot.objects.select_related("strategy_version", "trading_account", "member"),
        "bots.view_bot",
        permission,
        bot_id,
        own=own_bots(actor),
        for_update=for_update,
    )
    return bot


def visible_decisions(actor: Actor, bot_id: Any) -> QuerySet[Decision]:
    """Return a bot's decisions, the latest first. Raises NotFoundError when the bot is not visible."""
    bot = bot_to_act_on(actor, "bots.view_bot", bot_id)
    return Decision.objects.filter(bot=bot).select_related("strategy_version")


def visible_events(actor: Actor, bot_id: Any) -> QuerySet[BotEvent]:
    """Return what happened to a bot, the latest first. Raises NotFoundError when the bot is not visible."""
    return BotEvent.objects.filter(bot=bot_to_act_on(actor, "bots.view_bot", bot_id))


def executions_of(bot: Bot) -> QuerySet[Execution]:
    """Return the trades of a bot that the actor was given by :func:`bot_to_act_on`: who sees it sees them."""
    return Execution.objects.filter(order__bot_id=bot.pk)


def bots_at_work(symbol: str, interval: str = "") -> list[UUID]:
    """Return the ids of the bots that decide on an instrument's candles."""
    rows = Bot.objects.filter(symbol=symbol, status__in=sorted(AT_WORK))
    if interval:
        rows = rows.filter(interval=interval)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def symbols_at_work() -> list[str]:
    """Return the instruments that this tenant's bots decide on."""
    rows = Bot.objects.filter(status__in=sorted(AT_WORK)).order_by("symbol")
    return list(rows.values_list("symbol", flat=True).distinct())


def event_counts(actor: Actor, *, since: datetime, until: datetime) -> dict[str, int]:
    """Return how often each thing happened to the bots that the actor may see (S2-34 counts `stopped`)."""
    events = BotEvent.objects.filter(
        bot__in=visible_bots(actor).values("pk"), created_at__gte=since, created_at__lt=until
    )
    counted = events.values("kind").annotate(count=Count("pk")).order_by("kind")
    return {row["kind"]: row["count"] for row in counted}
