"""What the bots API reads and writes."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shared_apps.core.api.plain_fields import MomentField, OptionalMomentField
from shared_apps.market_data.rules import Interval
from tenant_apps.bots.models import Bot, BotEvent, Decision, StrategyVersion
from tenant_apps.bots.strategies.base import Strategy
from tenant_apps.bots.strategies.params import params_schema
from tenant_apps.bots.strategies.registry import UnknownStrategy, sentence_template


def _translated(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter schema with its titles and descriptions in the reader's language."""
    properties = {
        name: {key: _(value) if key in ("title", "description") else value for key, value in item.items()}
        for name, item in schema["properties"].items()
    }
    return {**schema, "properties": properties}


class StrategySerializer(serializers.Serializer[Any]):
    """A built-in strategy with the JSON schema of its parameters."""

    key = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.SerializerMethodField()
    description = serializers.SerializerMethodField()
    params = serializers.SerializerMethodField()

    def get_name(self, kind: type[Strategy]) -> str:
        """The strategy's name."""
        return _(kind.label)

    def get_description(self, kind: type[Strategy]) -> str:
        """What it does."""
        return _(kind.description)

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_params(self, kind: type[Strategy]) -> dict[str, Any]:
        """The JSON schema of its parameters."""
        return _translated(params_schema(kind.params_type))


class StrategyPage(serializers.Serializer[Any]):
    """All strategies; there is one page."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = StrategySerializer(many=True)


class StrategyVersionSerializer(serializers.ModelSerializer[StrategyVersion]):
    """A strategy with one set of parameters."""

    version = serializers.IntegerField(source="code_version", read_only=True)

    class Meta:
        model = StrategyVersion
        fields = ("id", "strategy", "version", "params")
        read_only_fields = fields


class BotSerializer(serializers.ModelSerializer[Bot]):
    """A bot. `last_bar_opened_at` is the last candle that it decided on, `heartbeat_at` when it last
    looked."""

    strategy_version = StrategyVersionSerializer(read_only=True)
    owner = serializers.CharField(source="member.name", read_only=True)
    last_bar_opened_at = OptionalMomentField()
    heartbeat_at = OptionalMomentField()
    created_at = MomentField()

    class Meta:
        model = Bot
        fields = (
            "id",
            "name",
            "member",
            "owner",
            "trading_account",
            "symbol",
            "interval",
            "strategy_version",
            "status",
            "status_reason",
            "last_bar_opened_at",
            "heartbeat_at",
            "created_at",
        )
        read_only_fields = fields


class StrategyInput(serializers.Serializer[Any]):
    """What a bot decides by."""

    strategy = serializers.CharField(max_length=40)
    params = serializers.DictField(required=False, default=dict)


class BotInput(StrategyInput):
    """A new bot."""

    name = serializers.CharField(max_length=100)
    trading_account = serializers.UUIDField()
    symbol = serializers.CharField(max_length=32)
    interval = serializers.ChoiceField(choices=[interval.value for interval in Interval])


class ReasonInput(serializers.Serializer[Any]):
    """Why a bot is paused or stopped."""

    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class BotEventSerializer(serializers.ModelSerializer[BotEvent]):
    """Something that happened to a bot."""

    created_at = MomentField()

    class Meta:
        model = BotEvent
        fields = ("id", "kind", "reason", "actor_member_id", "details", "created_at")
        read_only_fields = fields


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """What a bot decided on one candle and why; `sentence` is in the reader's language."""

    sentence = serializers.SerializerMethodField()
    strategy_version = StrategyVersionSerializer(read_only=True)
    bar_opened_at = MomentField()
    created_at = MomentField()

    class Meta:
        model = Decision
        fields = (
            "id",
            "bar_opened_at",
            "rule",
            "sentence",
            "inputs",
            "thresholds",
            "inputs_hash",
            "verdict",
            "verdict_text",
            "order_ids",
            "strategy_version",
            "created_at",
        )
        read_only_fields = fields

    def get_sentence(self, decision: Decision) -> str:
        """The reason as a sentence; as it was recorded when the strategy has no such rule any more."""
        try:
            template = sentence_template(decision.strategy_version.strategy, decision.rule)
        except (UnknownStrategy, KeyError):
            return decision.sentence
        return _(template).format(**decision.inputs, **decision.thresholds)


class PeriodQuery(serializers.Serializer[Any]):
    """A period: `since` included, `until` left out."""

    since = serializers.DateTimeField()
    until = serializers.DateTimeField()


class BotStatisticsSerializer(serializers.Serializer[Any]):
    """How often each thing happened to bots in a period."""

    since = MomentField()
    until = MomentField()
    events = serializers.DictField(child=serializers.IntegerField())
