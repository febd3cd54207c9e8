"""Serializer fields for what ``core.plain`` spells; the serializers that use them are the contract of
fast lists."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shared_apps.core.plain import moment, number


@extend_schema_field({"type": "string", "format": "decimal", "example": "1.5"})
class NumberField(serializers.Field):  # type: ignore[type-arg]
    """A decimal as text without trailing zeros; read only."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("read_only", True)
        super().__init__(**kwargs)

    def to_representation(self, value: Decimal) -> str:
        return number(value)


@extend_schema_field({"type": ["string", "null"], "format": "decimal", "example": "1.5"})
class OptionalNumberField(NumberField):
    """The same, or null."""


@extend_schema_field({"type": "string", "format": "date-time", "example": "2026-01-05T00:00:00.000000Z"})
class MomentField(serializers.Field):  # type: ignore[type-arg]
    """A time in UTC with microseconds; read only."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("read_only", True)
        super().__init__(**kwargs)

    def to_representation(self, value: datetime) -> str:
        return moment(value)


@extend_schema_field({"type": ["string", "null"], "format": "date-time"})
class OptionalMomentField(MomentField):
    """The same, or null."""


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "format": "decimal", "example": "12.34"},
            "currency": {"type": "string", "example": "EUR"},
        },
        "required": ["amount", "currency"],
    }
)
class AmountField(serializers.Field):  # type: ignore[type-arg]
    """An amount in exact digits with the currency from another attribute; read only."""

    def __init__(self, *, currency: str, **kwargs: Any) -> None:
        self.currency = currency
        self.amount = ""
        kwargs.setdefault("read_only", True)
        super().__init__(source="*", **kwargs)

    def bind(self, field_name: str, parent: Any) -> None:
        super().bind(field_name, parent)
        self.amount = field_name

    def to_representation(self, value: Any) -> dict[str, str]:
        return {"amount": number(getattr(value, self.amount)), "currency": getattr(value, self.currency)}
