"""Instruments and candles over the API: read on tenants' hosts, written by staff on the platform's."""

from __future__ import annotations

import io
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from shared_apps.access.drf import actor_of
from shared_apps.core.api.body import RawJSON
from shared_apps.core.api.filters import refuse_unknown_parameters
from shared_apps.core.api.plain_fields import MomentField, NumberField
from shared_apps.core.api.views import APIView, GenericViewSet
from shared_apps.users.authentication import FRESH

from . import queries, services
from .models import Feed, Instrument
from .rules import SYMBOL_PATTERN, Interval

MOST_CANDLES = 1_000
_INTERVALS = [interval.value for interval in Interval]


class FeedSerializer(serializers.ModelSerializer[Feed]):
    """The demo market that plays an instrument; `clock` is the market's time."""

    clock = MomentField()

    class Meta:
        model = Feed
        fields = ("kind", "interval", "clock", "is_running")
        read_only_fields = fields


class InstrumentSerializer(serializers.ModelSerializer[Instrument]):
    """An instrument with its steps; `feed` is null where all candles are history."""

    price_tick = NumberField()
    lot_step = NumberField()
    feed = serializers.SerializerMethodField()

    class Meta:
        model = Instrument
        fields = ("symbol", "name", "kind", "base", "quote", "price_tick", "lot_step", "is_simulated", "feed")
        read_only_fields = fields

    @extend_schema_field(FeedSerializer(allow_null=True))
    def get_feed(self, instrument: Instrument) -> dict[str, Any] | None:
        """The feed, null without one."""
        try:
            return dict(FeedSerializer(instrument.feed).data)
        except Feed.DoesNotExist:
            return None


class InstrumentViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """What can be traded."""

    access = {"list": "market_data.view_instrument", "retrieve": "market_data.view_instrument"}
    queryset = Instrument.objects.none()
    serializer_class = InstrumentSerializer
    filterset_fields = ("kind", "base", "quote", "is_simulated")
    ordering_fields = ("symbol", "name")
    lookup_field = "symbol"
    lookup_value_converter = "str"

    def get_queryset(self) -> QuerySet[Instrument]:
        return queries.visible_instruments(actor_of(self.request))


class CandleSerializer(serializers.Serializer[Any]):
    """A closed candle; prices and volume are exact."""

    opened_at = MomentField()
    open = NumberField()
    high = NumberField()
    low = NumberField()
    close = NumberField()
    volume = NumberField()


class CandlePage(serializers.Serializer[Any]):
    """Candles in order of time; `next` leads to the older ones before them."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = CandleSerializer(many=True)


class CandleQuery(serializers.Serializer[Any]):
    """What a chart asks for."""

    instrument = serializers.CharField(max_length=32)
    interval = serializers.ChoiceField(choices=_INTERVALS)
    limit = serializers.IntegerField(min_value=1, max_value=MOST_CANDLES, default=500)
    before = serializers.DateTimeField(required=False)
    after = serializers.DateTimeField(required=False)


class CandleView(APIView):
    """Candles of an instrument, the latest ones first asked for, in order of time."""

    access = {"get": "market_data.view_instrument"}
    query_params = tuple(CandleQuery().fields)

    @extend_schema(parameters=[CandleQuery], responses=CandlePage)
    def get(self, request: Request) -> Response:
        """The latest `limit` closed candles opened before `before` and after `after`."""
        refuse_unknown_parameters(request, self, ())
        query = CandleQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        instrument = queries.tradable_instrument(asked["instrument"], field="instrument")
        text, count = queries.candles_json(
            instrument,
            Interval(asked["interval"]),
            limit=asked["limit"],
            before=asked.get("before"),
            after=asked.get("after"),
        )
        older = None
        if count == asked["limit"]:
            first = text[len('[{"opened_at":"') :].partition('"')[0]
            older = replace_query_param(request.build_absolute_uri(), "before", first)
        return Response({"count": count, "next": older, "previous": None, "results": RawJSON(text)})


class InstrumentInput(serializers.Serializer[Any]):
    """A new instrument."""

    symbol = serializers.RegexField(SYMBOL_PATTERN, max_length=32)
    name = serializers.CharField(max_length=100, required=False, default="", allow_blank=True)
    kind = serializers.ChoiceField(choices=Instrument.Kind.choices)
    price_tick = serializers.DecimalField(max_digits=24, decimal_places=12)
    lot_step = serializers.DecimalField(max_digits=28, decimal_places=12)
    is_simulated = serializers.BooleanField(default=False)


class StaffInstrumentViewSet(InstrumentViewSet):
    """Instruments, on the platform's host: staff add them."""

    access = {**InstrumentViewSet.access, "create": "market_data.create_instrument"}
    authentication_classes = FRESH

    @extend_schema(request=InstrumentInput, responses={201: InstrumentSerializer})
    def create(self, request: Request) -> Response:
        """Add an instrument called BASE-QUOTE; its steps never change."""
        data = InstrumentInput(data=request.data)
        data.is_valid(raise_exception=True)
        instrument = services.create_instrument(actor=actor_of(request), **data.validated_data)
        return Response(InstrumentSerializer(instrument).data, status=status.HTTP_201_CREATED)


class ImportInput(serializers.Serializer[Any]):
    """A CSV file of candles: time,open,high,low,close,volume."""

    instrument = serializers.CharField(max_length=32)
    interval = serializers.ChoiceField(choices=_INTERVALS)
    file = serializers.FileField(max_length=200)
    skip_bad = serializers.BooleanField(default=False)


class BadLineSerializer(serializers.Serializer[Any]):
    """A line that is no candle."""

    line = serializers.IntegerField()
    reason = serializers.CharField()


class ImportReportSerializer(serializers.Serializer[Any]):
    """What an import did."""

    read = serializers.IntegerField()
    inserted = serializers.IntegerField()
    changed = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    bad = BadLineSerializer(many=True)


class ImportView(APIView):
    """Imports of candles, on the platform's host."""

    access = {"post": "market_data.import_candle"}
    authentication_classes = FRESH
    parser_classes = [MultiPartParser]

    @extend_schema(request={"multipart/form-data": ImportInput}, responses=ImportReportSerializer)
    def post(self, request: Request) -> Response:
        """Import candles from a CSV file. With a bad line nothing is written, unless `skip_bad`."""
        data = ImportInput(data=request.data)
        data.is_valid(raise_exception=True)
        asked = data.validated_data
        instrument = queries.tradable_instrument(asked["instrument"], field="instrument")
        lines = io.TextIOWrapper(asked["file"].file, encoding="utf-8", newline="")
        report = services.import_candles(
            actor=actor_of(request),
            instrument_id=instrument.pk,
            interval=Interval(asked["interval"]),
            lines=lines,
            skip_bad=asked["skip_bad"],
        )
        lines.detach()  # Django closes its own file
        return Response(ImportReportSerializer(report).data)


class FeedInput(serializers.Serializer[Any]):
    """A demo market to play."""

    interval = serializers.ChoiceField(choices=_INTERVALS)
    kind = serializers.ChoiceField(choices=Feed.Kind.choices)
    seed = serializers.CharField(max_length=64, required=False, default="", allow_blank=True)
    history = serializers.IntegerField(min_value=1, max_value=MOST_CANDLES, default=300)


class FeedView(APIView):
    """The demo market of an instrument, on the platform's host: PUT plays it, DELETE lets it stand still."""

    access = {"put": "market_data.control_feed", "delete": "market_data.control_feed"}
    authentication_classes = FRESH

    @extend_schema(
        request=FeedInput,
        responses=FeedSerializer,
        parameters=[OpenApiParameter("symbol", OpenApiTypes.STR, OpenApiParameter.PATH)],
    )
    def put(self, request: Request, symbol: str) -> Response:
        """Play an instrument as a demo market, one bar every two seconds."""
        data = FeedInput(data=request.data)
        data.is_valid(raise_exception=True)
        instrument = queries.get_instrument(actor_of(request), symbol)
        asked = dict(data.validated_data)
        feed = services.start_feed(
            actor=actor_of(request),
            instrument_id=instrument.pk,
            interval=Interval(asked.pop("interval")),
            **asked,
        )
        return Response(FeedSerializer(feed).data)

    @extend_schema(
        responses={204: None},
        parameters=[OpenApiParameter("symbol", OpenApiTypes.STR, OpenApiParameter.PATH)],
    )
    def delete(self, request: Request, symbol: str) -> Response:
        """Let a demo market stand still; PUT plays it on."""
        instrument = queries.get_instrument(actor_of(request), symbol)
        services.stop_feed(actor=actor_of(request), instrument_id=instrument.pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
