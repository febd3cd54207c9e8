"""Serializer fields of the contract, and ``?fields=``."""

from __future__ import annotations

import re
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from shared_apps.core.money import MINOR_DIGITS, Money

#: Plain notation: no exponent, no NaN, what every ledger column holds.
_AMOUNT = re.compile(r"-?\d{1,20}(?:\.(\d{1,18}))?\Z", re.ASCII)


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "amount": {"type": "string", "format": "decimal", "example": "12.34"},
            "currency": {"type": "string", "example": "EUR", "minLength": 3, "maxLength": 4},
        },
        "required": ["amount", "currency"],
    }
)
class MoneyField(serializers.Field):  # type: ignore[type-arg]
    """``{"amount": "12.34", "currency": "EUR"}``; as input no finer than the currency's smallest unit."""

    default_error_messages = {
        "shape": _('Money looks like {{"amount": "12.34", "currency": "EUR"}}.'),
        "amount": _("The amount must be a plain decimal number, as text."),
        "currency": _("This currency is not known."),
        "precision": _("{currency} has at most {digits} digits after the point."),
        "negative": _("The amount must not be negative."),
        "zero": _("The amount must be greater than zero."),
    }

    def __init__(self, *, allow_negative: bool = False, allow_zero: bool = True, **kwargs: Any) -> None:
        self.allow_negative, self.allow_zero = allow_negative, allow_zero
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Money:
        if not isinstance(data, dict) or set(data) != {"amount", "currency"}:
            self.fail("shape")
        amount, currency = data["amount"], data["currency"]
        match = _AMOUNT.match(amount) if isinstance(amount, str) else None
        if match is None:
            self.fail("amount")
        if not isinstance(currency, str) or currency not in MINOR_DIGITS:
            self.fail("currency")
        money = Money.parse(amount, currency)
        if len((match[1] or "").rstrip("0")) > money.digits:
            self.fail("precision", currency=currency, digits=money.digits)
        if money.amount < 0 and not self.allow_negative:
            self.fail("negative")
        if not money and not self.allow_zero:
            self.fail("zero")
        return money

    def to_representation(self, value: Money) -> dict[str, str]:
        return value.as_json()


def requested_fields(request: Request, known: list[str]) -> list[str]:
    """The names in ``?fields=a,b`` in the serializer's order; all without it. Raises ValidationError."""
    raw = request.query_params.get("fields")
    if raw is None:
        return known
    wanted = {name.strip() for name in raw.split(",") if name.strip()}
    unknown = sorted(wanted - set(known))
    if unknown or not wanted:
        message = _("Unknown: %(unknown)s. Known: %(known)s.") % {
            "unknown": ", ".join(unknown) or "-",
            "known": ", ".join(known),
        }
        raise ValidationError({"fields": [message]})
    return [name for name in known if name in wanted]


class FieldsMixin:
    """For generic views: ``?fields=id,name`` narrows what reads return (S3-133)."""

    request: Any

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """The view's serializer, without the fields that were not asked for."""
        serializer = super().get_serializer(*args, **kwargs)  # type: ignore[misc]
        if self.request.method in ("GET", "HEAD") and "fields" in self.request.query_params:
            fields = getattr(serializer, "child", serializer).fields
            for name in set(fields) - set(requested_fields(self.request, list(fields))):
                fields.pop(name)
        return serializer
