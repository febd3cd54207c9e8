"""Shapes of wallets' JSON. Amounts are ``{"amount": "12.34", "currency": "EUR"}``."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from shared_apps.core.api.fields import MoneyField
from shared_apps.core.money import Money
from tenant_apps.wallet.history import Line, Summary
from tenant_apps.wallet.models import Deposit, PayoutDestination, Transfer, Withdrawal, WithdrawalDecision
from tenant_apps.wallet.queries import Purse
from tenant_apps.wallet.services.standing import REASON_LENGTH


@extend_schema_field(MoneyField)
class UnitsField(serializers.Field):  # type: ignore[type-arg]
    """Smallest units with the currency beside them, as money; read only."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs["source"], kwargs["read_only"] = "*", True
        super().__init__(**kwargs)
        self._name = ""

    def bind(self, field_name: str, parent: Any) -> None:
        super().bind(field_name, parent)
        self._name = field_name

    def to_representation(self, value: Any) -> dict[str, str]:
        return Money.of_minor(int(getattr(value, self._name)), value.currency).as_json()


class PurseSerializer(serializers.Serializer[Purse]):
    """One currency of a wallet. ``withdrawable`` is less than ``available`` while fresh card money stays."""

    member = serializers.UUIDField(source="member_id")
    member_name = serializers.CharField()
    currency = serializers.CharField()
    balance = UnitsField()
    held = UnitsField()
    available = UnitsField()
    withdrawable = UnitsField()
    owed = UnitsField()


class LineSerializer(serializers.Serializer[Line]):
    """One movement; ``seq`` is its place, for ``?before=``."""

    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    money = MoneyField(read_only=True)
    balance = MoneyField(read_only=True)
    reference = serializers.CharField()
    memo = serializers.CharField()


class SummarySerializer(serializers.Serializer[Summary]):
    """One currency of a period."""

    currency = serializers.CharField()
    opening = UnitsField()
    incoming = UnitsField()
    outgoing = UnitsField()
    closing = UnitsField()
    count = serializers.IntegerField()


class StatementSerializer(serializers.Serializer[Any]):
    """A month of a wallet."""

    month = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    currencies = SummarySerializer(many=True)


class WaySerializer(serializers.Serializer[Any]):
    """How one may pay in; ``configuration`` names it."""

    configuration = serializers.UUIDField(source="configuration_id")
    provider = serializers.CharField()
    name = serializers.CharField()
    is_simulated = serializers.BooleanField()


class DepositSerializer(serializers.ModelSerializer[Deposit]):
    """A deposit; what was credited may be more or less than what was asked for."""

    money = MoneyField(read_only=True)
    credited = MoneyField(source="credited_money", read_only=True)
    returned = MoneyField(source="returned_money", read_only=True)
    configuration = serializers.UUIDField(source="configuration_id", read_only=True)
    payment = serializers.UUIDField(source="payment_id", read_only=True)

    class Meta:
        model = Deposit
        fields = (
            "id", "member", "state", "money", "credited", "returned", "provider", "configuration", "payment",
            "is_simulated", "reason", "created_at", "credited_at", "withdrawable_from",
        )  # fmt: skip
        read_only_fields = fields


class NextStepSerializer(serializers.Serializer[Any]):
    """What the payer does next.

    ``redirect`` and ``qr`` have a ``url``, ``client_secret`` a ``secret`` for the provider's own script,
    ``address`` and ``transfer`` say where to send how much.
    """

    kind = serializers.CharField()
    url = serializers.CharField()
    secret = serializers.CharField()
    address = serializers.CharField()
    details = serializers.DictField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)


class BegunDepositSerializer(DepositSerializer):
    """A deposit that was begun, with what to do next and the page that does it."""

    pay_url = serializers.CharField()
    action = NextStepSerializer()

    class Meta:
        model = Deposit
        fields = (*DepositSerializer.Meta.fields, "pay_url", "action")
        read_only_fields = fields


class DepositInput(serializers.Serializer[Any]):
    """How much, by which way (``wallet/deposits/ways/``)."""

    configuration = serializers.UUIDField()
    money = MoneyField(allow_zero=False)


class DestinationSerializer(serializers.ModelSerializer[PayoutDestination]):
    """A destination; its address is shown by ``hint`` only."""

    class Meta:
        model = PayoutDestination
        fields = ("id", "kind", "label", "hint", "created_at", "usable_from")
        read_only_fields = fields


class DestinationInput(serializers.Serializer[Any]):
    """``holder`` for an IBAN, ``bank`` (a participant's number) for SBP."""

    kind = serializers.ChoiceField(choices=PayoutDestination.Kind.choices)
    address = serializers.CharField(max_length=140)
    label = serializers.CharField(  # type: ignore[assignment]  # a field of that name, not DRF's label
        max_length=60, required=False, default="", allow_blank=True
    )
    holder = serializers.CharField(max_length=140, required=False, default="", allow_blank=True)
    bank = serializers.CharField(max_length=20, required=False, default="", allow_blank=True)


class WithdrawalDecisionSerializer(serializers.ModelSerializer[WithdrawalDecision]):
    """What somebody decided."""

    name = serializers.CharField(source="member.name", read_only=True)

    class Meta:
        model = WithdrawalDecision
        fields = ("member", "name", "is_approval", "reason", "created_at")
        read_only_fields = fields


class WithdrawalSerializer(serializers.ModelSerializer[Withdrawal]):
    """A withdrawal with who has decided."""

    member_name = serializers.CharField(source="member.name", read_only=True)
    money = MoneyField(read_only=True)
    destination_name = serializers.CharField(source="destination_hint", read_only=True)
    decisions = WithdrawalDecisionSerializer(many=True, read_only=True)

    class Meta:
        model = Withdrawal
        fields = (
            "id", "member", "member_name", "state", "money", "destination", "destination_name",
            "approvals_needed", "decisions", "is_simulated", "reason", "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class WithdrawalInput(serializers.Serializer[Any]):
    """How much, to which of one's destinations."""

    destination = serializers.UUIDField()
    money = MoneyField(allow_zero=False)


class WalletReasonInput(serializers.Serializer[Any]):
    """Why; the member reads it."""

    reason = serializers.CharField(max_length=REASON_LENGTH)


class WalletTransferSerializer(serializers.ModelSerializer[Transfer]):
    """A transfer. ``from_name`` is told to who receives; who sends learns only what they typed (``to``)."""

    money = MoneyField(read_only=True)
    to = serializers.CharField(source="recipient_as", read_only=True)
    from_name = serializers.CharField(source="sender.name", read_only=True)

    class Meta:
        model = Transfer
        fields = ("id", "sender", "from_name", "to", "money", "note", "created_at")
        read_only_fields = fields


class TransferInput(serializers.Serializer[Any]):
    """``recipient`` is a member's id or e-mail address."""

    recipient = serializers.CharField(max_length=254)
    money = MoneyField(allow_zero=False)
    note = serializers.CharField(max_length=140, required=False, default="", allow_blank=True)


class StandingSerializer(serializers.Serializer[Any]):
    """Whether a wallet is open."""

    member = serializers.UUIDField(source="member_id")
    frozen_at = serializers.DateTimeField(allow_null=True)
    frozen_reason = serializers.CharField()
