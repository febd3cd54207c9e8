"""What the trading API reads and writes; the fast list of orders is held to these by a contract test."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shared_apps.core.api.plain_fields import (
    AmountField,
    MomentField,
    NumberField,
    OptionalMomentField,
    OptionalNumberField,
)
from shared_apps.core.plain import number
from tenant_apps.trading import shapes
from tenant_apps.trading.models import SIDES, Execution, Order, OrderEvent, Position
from tenant_apps.trading_accounts.venues.base import OrderType, TimeInForce


class OrderSerializer(serializers.ModelSerializer[Order]):
    """An order to a venue. `bot` is the bot that placed it, `signal_bar_opened_at` the candle that made
    it."""

    quantity = NumberField()
    filled_quantity = NumberField()
    average_price = OptionalNumberField()
    expected_price = OptionalNumberField()
    bot = serializers.UUIDField(source="bot_id", read_only=True, allow_null=True)
    signal_bar_opened_at = OptionalMomentField()
    created_at = MomentField()
    updated_at = MomentField()

    class Meta:
        model = Order
        fields = (
            "id",
            "trading_account",
            "symbol",
            "side",
            "order_type",
            "time_in_force",
            "quantity",
            "filled_quantity",
            "average_price",
            "expected_price",
            "status",
            "reason_code",
            "client_order_id",
            "venue_order_id",
            "attempt",
            "bot",
            "signal_bar_opened_at",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class OrderEventSerializer(serializers.ModelSerializer[OrderEvent]):
    """A step in the life of an order."""

    created_at = MomentField()

    class Meta:
        model = OrderEvent
        fields = ("seq", "status", "source", "reason_code", "text", "created_at")
        read_only_fields = fields


class OrderDetailSerializer(OrderSerializer):
    """An order with its events, the first one first."""

    events = OrderEventSerializer(many=True, read_only=True)

    class Meta:
        model = Order
        fields = (*OrderSerializer.Meta.fields, "events")
        read_only_fields = fields


@extend_schema_field({"type": "string", "format": "decimal", "example": "1.5"})
class QuantityField(serializers.Field):  # type: ignore[type-arg]
    """Any JSON value: the rules of orders name what is wrong with it, the same at every door."""

    def to_internal_value(self, data: Any) -> Any:
        return str(data) if isinstance(data, float) else data


class OrderInput(serializers.Serializer[Any]):
    """A new order. The same `client_order_id` again is the same order."""

    trading_account = serializers.UUIDField()
    symbol = serializers.CharField(max_length=32)
    side = serializers.ChoiceField(choices=SIDES)
    quantity = QuantityField(help_text="A decimal, as text: a multiple of the instrument's lot step.")
    order_type = serializers.ChoiceField(
        choices=[kind.value for kind in OrderType], default=OrderType.MARKET.value
    )
    time_in_force = serializers.ChoiceField(
        choices=[kind.value for kind in TimeInForce], default=TimeInForce.GTC.value
    )
    client_order_id = serializers.CharField(max_length=26, required=False, default="", allow_blank=True)


class CancelInput(serializers.Serializer[Any]):
    """Why an order is canceled."""

    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class ExecutionSerializer(serializers.ModelSerializer[Execution]):
    """A fill. `realised` is gross of the fee."""

    quantity = NumberField()
    price = NumberField()
    fee = AmountField(currency="fee_currency")
    realised = AmountField(currency="currency")
    executed_at = MomentField()
    created_at = MomentField()

    class Meta:
        model = Execution
        fields = (
            "id",
            "order",
            "trading_account",
            "venue_execution_id",
            "symbol",
            "side",
            "quantity",
            "price",
            "fee",
            "realised",
            "executed_at",
            "created_at",
        )
        read_only_fields = fields


class PositionSerializer(serializers.ModelSerializer[Position]):
    """What an account holds; `unrealised` is what closing at the last price would realise, before fees."""

    quantity = NumberField()
    average_price = serializers.SerializerMethodField()
    realised = AmountField(currency="currency")
    fees = AmountField(currency="currency")
    mark_price = serializers.SerializerMethodField()
    unrealised = serializers.SerializerMethodField()
    opened_at = OptionalMomentField()
    updated_at = MomentField()

    class Meta:
        model = Position
        fields = (
            "id",
            "trading_account",
            "symbol",
            "quantity",
            "average_price",
            "realised",
            "fees",
            "mark_price",
            "unrealised",
            "opened_at",
            "updated_at",
        )
        read_only_fields = fields

    def _mark(self, position: Position) -> Decimal | None:
        prices: dict[str, Decimal] = self.context.get("prices", {})
        return prices.get(position.symbol)

    @extend_schema_field({"type": ["string", "null"], "format": "decimal"})
    def get_average_price(self, position: Position) -> str | None:
        """The average price of what is open."""
        average = shapes.position_state(position).average_price
        return None if average is None else number(average)

    @extend_schema_field({"type": ["string", "null"], "format": "decimal"})
    def get_mark_price(self, position: Position) -> str | None:
        """The last price of the instrument."""
        mark = self._mark(position)
        return None if mark is None else number(mark)

    @extend_schema_field(
        {
            "type": ["object", "null"],
            "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
        }
    )
    def get_unrealised(self, position: Position) -> dict[str, str] | None:
        """What closing at the mark would realise."""
        mark = self._mark(position)
        if mark is None:
            return None
        return shapes.money(shapes.position_state(position).unrealised(mark), position.currency)
