"""Bots, the strategies they run, what happened to them, and why they did what they did."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.core.tenant_models import TenantModel
from shared_apps.market_data.rules import Interval
from tenant_apps.members.models import Member
from tenant_apps.trading_accounts.models import TradingAccount

from .rules import BotStatus, Verdict


class StrategyVersion(TenantModel):
    """A strategy with one set of parameters. Never changed: another set is another version."""

    strategy = models.CharField(_("strategy"), max_length=40)
    code_version = models.IntegerField()
    params: Any = models.JSONField(default=dict)
    params_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "code_version", "params_hash"], name="strategy_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.strategy} {self.code_version}"


class Bot(TenantModel):
    """A strategy at work on one instrument with one trading account. `last_bar_opened_at` is the last bar
    decided on."""

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="bots", db_index=False)
    trading_account = models.ForeignKey(TradingAccount, on_delete=models.PROTECT, related_name="bots")
    strategy_version = models.ForeignKey(
        StrategyVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    name = models.CharField(_("name"), max_length=100)
    symbol = models.CharField(_("instrument"), max_length=32)
    interval = models.CharField(
        _("interval"), max_length=4, choices=[(item.value, item.value) for item in Interval]
    )
    status = models.CharField(
        max_length=8, choices=[(item.value, item.value) for item in BotStatus], default=BotStatus.CREATED
    )
    status_reason = models.CharField(max_length=200, blank=True)
    state: Any = models.JSONField(default=dict)
    last_bar_opened_at = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    heartbeat_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    # A running bot writes these on every bar; its decisions are the record of that.
    audit_left_out = ("state", "last_bar_opened_at", "fence", "heartbeat_at")

    class Meta(TenantModel.Meta):
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=["member", "name"], name="bot_name_once")]
        indexes = [
            models.Index(
                fields=["symbol", "interval"],
                name="bot_at_work",
                condition=models.Q(status__in=["running", "paused"]),
            )
        ]

    def __str__(self) -> str:
        return self.name


class BotEvent(TenantModel):
    """Something that happened to a bot. Added, never changed; the statistics count these (decision C33)."""

    class Kind(models.TextChoices):
        CREATED = "created", _("Created")
        STARTED = "started", _("Started")
        PAUSED = "paused", _("Paused")
        STOPPED = "stopped", _("Stopped")
        FAILED = "failed", _("Failed")
        STRATEGY_CHANGED = "strategy_changed", _("Strategy changed")

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="events", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    reason = models.CharField(max_length=200, blank=True)
    actor_member_id = models.UUIDField(null=True)
    details: Any = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("-id",)
        indexes = [models.Index(fields=["bot", "-id"], name="bot_event_bot")]

    def __str__(self) -> str:
        return f"{self.kind} {self.created_at}"


class Decision(TenantModel):
    """What a bot decided on one bar, and why. Added, never changed."""

    audit_exempt = "a journal itself, sealed directly"

    bot = models.ForeignKey(Bot, on_delete=models.PROTECT, related_name="decisions", db_index=False)
    strategy_version = models.ForeignKey(
        StrategyVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    bar_opened_at = models.DateTimeField()
    rule = models.CharField(max_length=40)
    inputs: Any = models.JSONField(default=dict)
    thresholds: Any = models.JSONField(default=dict)
    sentence = models.CharField(max_length=400)
    inputs_hash = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20, choices=[(item.value, item.value) for item in Verdict])
    verdict_text = models.CharField(max_length=300, blank=True)
    order_ids = ArrayField(models.UUIDField(), default=list)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(TenantModel.Meta):
        ordering = ("-bar_opened_at",)
        constraints = [models.UniqueConstraint(fields=["bot", "bar_opened_at"], name="decision_once")]

    def __str__(self) -> str:
        return f"{self.bar_opened_at}: {self.rule}"
