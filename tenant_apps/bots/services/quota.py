"""The minutes that bots run, counted against the organisation's plan (S4-46)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from billing.subscriptions import meters
from billing.subscriptions.rules.limits import Meter
from shared_apps.core.context import current_tenant
from shared_apps.core.locking import lock
from tenant_apps.bots.models import Bot
from tenant_apps.bots.rules import BotStatus

from .control import change_status

USED_UP, NOT_PAID = "quota.bot_minutes", "subscription.required"


def count_minute(now: datetime) -> None:
    """Count the minute for each running bot, once however often it is called in it."""
    tenant = current_tenant()
    running = Bot.objects.filter(status=BotStatus.RUNNING).count()
    if tenant is not None and running:
        with transaction.atomic(durable=True):
            meters.count(tenant, Meter.BOT_MINUTES, running, at=now)


def pause_running(*, reason: str, user_id: int | None = None) -> None:
    """Step: let no bot, or none of a person's, enter positions; each may still leave those that it holds."""
    running = Bot.objects.filter(status=BotStatus.RUNNING)
    if user_id is not None:
        running = running.filter(member__user_id=user_id)
    for bot in lock(running):
        change_status(bot, BotStatus.PAUSED, reason=reason)
