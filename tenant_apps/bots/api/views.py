"""Strategies, bots and their journals: doors that call queries and services."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.filters import refuse_unknown_parameters
from shared_apps.core.api.views import APIView, GenericViewSet, ViewSet
from shared_apps.users.authentication import FRESH
from tenant_apps.bots import queries, services
from tenant_apps.bots.models import Bot, BotEvent, Decision
from tenant_apps.bots.strategies.registry import strategy_types
from tenant_apps.members.api_sharing import SharingMixin

from .serializers import (
    BotEventSerializer,
    BotInput,
    BotSerializer,
    BotStatisticsSerializer,
    DecisionSerializer,
    PeriodQuery,
    ReasonInput,
    StrategyInput,
    StrategyPage,
    StrategySerializer,
)


class StrategyView(APIView):
    """The strategies that a bot can run."""

    access = {"get": "bots.view_strategy"}

    @extend_schema(responses=StrategyPage)
    def get(self, request: Request) -> Response:
        """List the strategies with the JSON schema of their parameters."""
        refuse_unknown_parameters(request, self, ())
        results = StrategySerializer(strategy_types(), many=True).data
        return Response({"count": len(results), "next": None, "previous": None, "results": results})


class BotStatisticsView(APIView):
    """What happened to the bots, counted."""

    access = {"get": "bots.view_bot"}
    query_params = ("since", "until")

    @extend_schema(parameters=[PeriodQuery], responses=BotStatisticsSerializer)
    def get(self, request: Request) -> Response:
        """Count starts, pauses, stops and failures of the bots that you may see, in a period."""
        refuse_unknown_parameters(request, self, ())
        query = PeriodQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        period = query.validated_data
        counts = queries.event_counts(actor_of(request), **period)
        return Response(BotStatisticsSerializer({**period, "events": counts}).data)


class BotViewSet(SharingMixin, ViewSet):
    """Bots: each member's own; staff and auditors of the tenant see all."""

    access = {
        "list": "bots.view_bot",
        "retrieve": "bots.view_bot",
        "create": "bots.create_bot",
        "start": "bots.control_bot",
        "pause": "bots.control_bot",
        "stop": "bots.control_bot",
        "switch_strategy": "bots.change_bot",
        "shares": "bots.view_share",
        "share": "bots.share_bot",
        "unshare": "bots.share_bot",
        "reach": "bots.view_share",
    }
    authentication_classes = FRESH
    shareable_kind = "bot"
    queryset = Bot.objects.none()
    serializer_class = BotSerializer
    filterset_fields = ("status", "symbol", "interval", "trading_account")
    ordering_fields = ("name", "created_at", "status")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Bot]:
        return queries.visible_bots(actor_of(self.request))

    def _answer(self, bot: Bot, code: int = status.HTTP_200_OK) -> Response:
        return Response(BotSerializer(bot).data, status=code)

    @extend_schema(request=BotInput, responses={201: BotSerializer})
    def create(self, request: Request) -> Response:
        """Make a bot for an account of your own; it does nothing before it is started."""
        data = BotInput(data=request.data)
        data.is_valid(raise_exception=True)
        asked = dict(data.validated_data)
        bot = services.create_bot(
            actor=actor_of(request), trading_account_id=asked.pop("trading_account"), **asked
        )
        return self._answer(bot, status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=BotSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: UUID) -> Response:
        """Let a bot decide, from the next candle on."""
        return self._answer(services.start_bot(actor=actor_of(request), bot_id=pk))

    @extend_schema(request=ReasonInput, responses=BotSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: UUID) -> Response:
        """Let a bot enter no more positions; it still watches and may leave one."""
        data = ReasonInput(data=request.data)
        data.is_valid(raise_exception=True)
        return self._answer(services.pause_bot(actor=actor_of(request), bot_id=pk, **data.validated_data))

    @extend_schema(request=ReasonInput, responses=BotSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: UUID) -> Response:
        """Stop a bot; what it holds stays."""
        data = ReasonInput(data=request.data)
        data.is_valid(raise_exception=True)
        return self._answer(services.stop_bot(actor=actor_of(request), bot_id=pk, **data.validated_data))

    @extend_schema(request=StrategyInput, responses=BotSerializer)
    @action(detail=True, methods=["post"], url_path="switch-strategy")
    def switch_strategy(self, request: Request, pk: UUID) -> Response:
        """Have a bot decide by another strategy or other parameters, from its next candle on."""
        data = StrategyInput(data=request.data)
        data.is_valid(raise_exception=True)
        bot = services.switch_strategy(actor=actor_of(request), bot_id=pk, **data.validated_data)
        return self._answer(bot)


class DecisionFilter(filters.FilterSet):
    """Decisions by rule, verdict and time."""

    bar_after = filters.IsoDateTimeFilter(field_name="bar_opened_at", lookup_expr="gte")
    bar_before = filters.IsoDateTimeFilter(field_name="bar_opened_at", lookup_expr="lt")

    class Meta:
        model = Decision
        fields = ("rule", "verdict")


_BOT_ID = OpenApiParameter("bot_id", UUID, OpenApiParameter.PATH)


@extend_schema(parameters=[_BOT_ID])
class DecisionViewSet(GenericViewSet):
    """A bot's decisions, one for every candle."""

    access = {"list": "bots.view_bot"}
    queryset = Decision.objects.none()
    serializer_class = DecisionSerializer
    filterset_class = DecisionFilter
    ordering_fields = ("bar_opened_at",)

    def get_queryset(self) -> QuerySet[Decision]:
        return queries.visible_decisions(actor_of(self.request), self.kwargs["bot_id"])

    def list(self, request: Request, bot_id: UUID) -> Response:
        """List a bot's decisions with their reasons, the latest candle first."""
        return _listed(self)


@extend_schema(parameters=[_BOT_ID])
class BotEventViewSet(GenericViewSet):
    """What happened to a bot."""

    access = {"list": "bots.view_bot"}
    queryset = BotEvent.objects.none()
    serializer_class = BotEventSerializer
    filterset_fields = ("kind",)
    ordering_fields = ("created_at",)

    def get_queryset(self) -> QuerySet[BotEvent]:
        return queries.visible_events(actor_of(self.request), self.kwargs["bot_id"])

    def list(self, request: Request, bot_id: UUID) -> Response:
        """List what happened to a bot, the latest first."""
        return _listed(self)


def _listed(view: Any) -> Response:
    rows = view.paginate_queryset(view.filter_queryset(view.get_queryset()))
    answer: Response = view.get_paginated_response(view.get_serializer(rows, many=True).data)
    return answer
