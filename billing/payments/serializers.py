"""How payments look over the API. No sealed column, no key of a provider."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from shared_apps.core.api.fields import MoneyField

from .models import Payment, PaymentGatewayConfig, PaymentLog, Refund, WebhookDelivery, money_of


class RefundSerializer(serializers.ModelSerializer[Refund]):
    """Money back."""

    money = MoneyField(read_only=True)

    class Meta:
        model = Refund
        fields = ["id", "payment", "state", "money", "reason", "failure_code", "created_at", "ended_at"]
        read_only_fields = fields


class PaymentSerializer(serializers.ModelSerializer[Payment]):
    """A payment; ``user`` is the payer. ``paid_to_platform``: the platform bills the organisation."""

    money = MoneyField(read_only=True)
    received = serializers.SerializerMethodField()
    refunded = serializers.SerializerMethodField()
    user = serializers.IntegerField(source="user_id", read_only=True, allow_null=True)
    paid_to_platform = serializers.BooleanField(read_only=True)

    class Meta:
        model = Payment
        fields = [
            "id", "label", "state", "purpose", "reference", "description", "provider", "is_simulated",
            "money", "received", "refunded", "user", "paid_to_platform", "is_disputed", "problem",
            "failure_code", "failure_message", "retry_of", "created_at", "ended_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_received(self, payment: Payment) -> dict[str, str]:
        """What has arrived, as ``{"amount", "currency"}``."""
        return _money(payment.received_minor_units, payment.currency)

    def get_refunded(self, payment: Payment) -> dict[str, str]:
        """What was given back or is on its way, as ``{"amount", "currency"}``."""
        return _money(payment.refunded_minor_units, payment.currency)


def _money(minor_units: int, currency: str) -> dict[str, str]:
    return money_of(minor_units, currency).as_json()


class ActionSerializer(serializers.Serializer[Any]):
    """What the payer does next: by ``kind`` a link, a text for a QR code, an address, details, a secret."""

    kind = serializers.CharField()
    url = serializers.CharField()
    secret = serializers.CharField()
    address = serializers.CharField()
    details = serializers.DictField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)


class StartedSerializer(serializers.Serializer[Any]):
    """A payment that was begun, with its action (null: nothing to do)."""

    payment = PaymentSerializer()
    action = ActionSerializer(allow_null=True)


class LogSerializer(serializers.ModelSerializer[PaymentLog]):
    """A line of the journal (S4-13)."""

    class Meta:
        model = PaymentLog
        fields = [
            "id", "object_kind", "object_id", "source", "what", "from_state", "to_state", "payload_hash",
            "signature", "attempts", "note", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class RefundInput(serializers.Serializer[Any]):
    """What to give back; without ``money`` all that is left."""

    money = MoneyField(required=False, allow_zero=False)
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class ConfirmInput(serializers.Serializer[Any]):
    """What happened at the bank. ``money`` where it was another amount."""

    happened = serializers.BooleanField()
    money = MoneyField(required=False, allow_zero=False)
    bank_reference = serializers.CharField(max_length=140, allow_blank=True, default="")


class BankTransferSerializer(serializers.Serializer[Any]):
    """A bank transfer that waits for its confirmation, and how many people have confirmed it."""

    kind = serializers.CharField()
    id = serializers.UUIDField()
    label: Any = serializers.CharField()
    state = serializers.CharField()
    money: Any = MoneyField()
    destination = serializers.CharField()
    confirmations = serializers.IntegerField()
    confirmations_needed = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class GatewaySerializer(serializers.ModelSerializer[PaymentGatewayConfig]):
    """An account at a provider; its secrets are never shown again."""

    settings = serializers.DictField(child=serializers.CharField(), read_only=True)
    currencies = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = PaymentGatewayConfig
        fields = [
            "id", "provider", "name", "is_enabled", "is_simulated", "settings", "currencies", "account",
            "checked_at", "check_problem", "created_at",
        ]  # fmt: skip
        read_only_fields = fields


class GatewayInput(serializers.Serializer[Any]):
    """An account at a provider. ``values`` are its type's fields; an empty secret keeps the stored one."""

    provider = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=80)
    values_ = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=2000))
    currencies = serializers.ListField(child=serializers.CharField(max_length=4), max_length=40)
    is_simulated = serializers.BooleanField(default=False)

    def get_fields(self) -> dict[str, Any]:
        """``values`` is a method of Django's classes, so the attribute has another name."""
        fields: dict[str, Any] = super().get_fields()
        fields["values"] = fields.pop("values_")
        return fields


class GatewaySwitchInput(serializers.Serializer[Any]):
    """Whether it takes new payments."""

    is_enabled = serializers.BooleanField()


class ProviderFieldSerializer(serializers.Serializer[Any]):
    """A field of a provider's configuration."""

    name = serializers.CharField()
    label: Any = serializers.CharField()
    is_secret = serializers.BooleanField()
    is_required = serializers.BooleanField()
    help_text: Any = serializers.CharField()


class ProviderTypeSerializer(serializers.Serializer[Any]):
    """A provider that may be configured here."""

    name = serializers.CharField()
    label: Any = serializers.CharField()
    capabilities = serializers.SerializerMethodField()
    currencies = serializers.ListField(child=serializers.CharField())
    fields_ = ProviderFieldSerializer(many=True)

    def get_capabilities(self, kind: Any) -> list[str]:
        """What it can do."""
        return sorted(kind.capabilities)

    def get_fields(self) -> dict[str, Any]:
        """``fields`` belongs to the serializer itself."""
        fields: dict[str, Any] = super().get_fields()
        fields["fields"] = fields.pop("fields_")
        return fields


class DeliverySerializer(serializers.ModelSerializer[WebhookDelivery]):
    """A notification (F49)."""

    class Meta:
        model = WebhookDelivery
        fields = [
            "id", "configuration", "provider", "event_id", "event_type", "object_kind", "object_id",
            "payload_hash", "payload_size", "signature", "state", "attempts", "repeats", "last_error",
            "due_at", "received_at", "done_at", "replayed_at",
        ]  # fmt: skip
        read_only_fields = fields


class FigureSerializer(serializers.Serializer[Any]):
    """One day of one organisation (null: the platform's own accounts) in one currency."""

    day = serializers.DateField()
    organisation = serializers.CharField(allow_null=True)
    provider = serializers.CharField()
    currency = serializers.CharField()
    payments = serializers.IntegerField()
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    received: Any = MoneyField()
    refunded: Any = MoneyField()
