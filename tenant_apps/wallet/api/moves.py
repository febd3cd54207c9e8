"""Deposits, withdrawals, destinations and transfers."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.filters import refuse_unknown_parameters
from shared_apps.core.api.views import ViewSet
from shared_apps.core.errors import DomainError
from shared_apps.users.authentication import FRESH
from tenant_apps.wallet import queries, services
from tenant_apps.wallet.models import Deposit, PayoutDestination, Transfer, Withdrawal

from .serializers import (
    BegunDepositSerializer,
    DepositInput,
    DepositSerializer,
    DestinationInput,
    DestinationSerializer,
    NextStepSerializer,
    TransferInput,
    WalletReasonInput,
    WalletTransferSerializer,
    WaySerializer,
    WithdrawalInput,
    WithdrawalSerializer,
)


def _key(request: Request) -> str:
    """The caller's key of this attempt, or a new one."""
    given = request.META.get("HTTP_IDEMPOTENCY_KEY")
    return f"api:{given}" if given else f"once:{uuid4()}"


class DepositFilter(django_filters.FilterSet):
    """``?state=pending``"""

    class Meta:
        model = Deposit
        fields = ["state", "currency", "member"]


class DepositViewSet(ViewSet):
    """Money on its way into wallets."""

    access = {
        "list": "wallet.view_deposit",
        "retrieve": "wallet.view_deposit",
        "ways": "wallet.create_deposit",
        "create": "wallet.create_deposit",
    }
    authentication_classes = FRESH
    #: The provider is asked between two transactions: the key is kept with the deposit itself.
    idempotent = False
    queryset = Deposit.objects.none()
    serializer_class = DepositSerializer
    filterset_class = DepositFilter
    ordering_fields = ("created_at",)
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Deposit]:
        return queries.visible_deposits(actor_of(self.request))

    @extend_schema(
        parameters=[OpenApiParameter("currency", str, required=True)],
        responses=WaySerializer(many=True),
        filters=False,
    )
    @action(detail=False, filter_backends=(), pagination_class=None)
    def ways(self, request: Request) -> Response:
        """How one may pay in, in a currency."""
        refuse_unknown_parameters(request, self, ("currency",))
        found = queries.ways_to_deposit(request.query_params.get("currency", ""))
        return Response(WaySerializer(found, many=True).data)

    @extend_schema(request=DepositInput, responses={201: BegunDepositSerializer})
    def create(self, request: Request) -> Response:
        """Begin to pay in. With ``Idempotency-Key`` the same request is one deposit."""
        body = DepositInput(data=request.data)
        body.is_valid(raise_exception=True)
        deposit = services.begin_deposit(
            actor=actor_of(request),
            configuration_id=body.validated_data["configuration"],
            money=body.validated_data["money"],
            key=_key(request),
            return_url=request.build_absolute_uri(reverse("wallet:overview")),
            surface="api",
        )
        step = services.start_deposit(deposit)
        body_out = DepositSerializer(deposit).data | {
            "pay_url": request.build_absolute_uri(queries.pay_address(deposit)),
            "action": NextStepSerializer(step).data,
        }
        return Response(body_out, status=status.HTTP_201_CREATED)


class WithdrawalFilter(django_filters.FilterSet):
    """``?state=waiting``"""

    class Meta:
        model = Withdrawal
        fields = ["state", "currency", "member"]


class WithdrawalViewSet(ViewSet):
    """Money on its way out."""

    access = {
        "list": "wallet.view_withdrawal",
        "retrieve": "wallet.view_withdrawal",
        "create": "wallet.request_withdrawal",
        "cancel": "wallet.request_withdrawal",
        "approve": "wallet.approve_withdrawal",
        "reject": "wallet.approve_withdrawal",
    }
    authentication_classes = FRESH
    queryset = Withdrawal.objects.none()
    serializer_class = WithdrawalSerializer
    filterset_class = WithdrawalFilter
    ordering_fields = ("created_at",)
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Withdrawal]:
        return queries.visible_withdrawals(actor_of(self.request))

    def _shown(self, withdrawal: Withdrawal) -> dict[str, Any]:
        found = self.get_queryset().get(pk=withdrawal.pk)
        data: dict[str, Any] = WithdrawalSerializer(found).data
        return data

    @extend_schema(request=WithdrawalInput, responses={201: WithdrawalSerializer})
    def create(self, request: Request) -> Response:
        """Ask to be paid out: the money is held at once. Needs a fresh proof of identity."""
        body = WithdrawalInput(data=request.data)
        body.is_valid(raise_exception=True)
        withdrawal = services.request_withdrawal(
            actor=actor_of(request),
            destination_id=body.validated_data["destination"],
            money=body.validated_data["money"],
            key=_key(request),
        )
        return Response(self._shown(withdrawal), status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=WithdrawalSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Take one's own back while it waits."""
        return Response(self._shown(services.cancel_withdrawal(actor=actor_of(request), withdrawal_id=pk)))

    @extend_schema(request=None, responses=WithdrawalSerializer)
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: UUID) -> Response:
        """Agree; above a threshold somebody else must, too. Nobody agrees to their own."""
        return Response(self._shown(services.approve_withdrawal(actor=actor_of(request), withdrawal_id=pk)))

    @extend_schema(request=WalletReasonInput, responses=WithdrawalSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: UUID) -> Response:
        """Refuse: the money is available again."""
        body = WalletReasonInput(data=request.data)
        body.is_valid(raise_exception=True)
        rejected = services.reject_withdrawal(
            actor=actor_of(request), withdrawal_id=pk, **body.validated_data
        )
        return Response(self._shown(rejected))


_IBAN = OpenApiExample(
    "A bank account",
    value={"kind": "iban", "address": "DE89 3704 0044 0532 0130 00", "holder": "Ann Example"},
    request_only=True,
)


class DestinationViewSet(ViewSet):
    """Where one is paid out to; each member's own, whoever asks."""

    access = {
        "list": "wallet.view_destination",
        "retrieve": "wallet.view_destination",
        "create": "wallet.manage_destination",
        "destroy": "wallet.manage_destination",
    }
    authentication_classes = FRESH
    queryset = PayoutDestination.objects.none()
    serializer_class = DestinationSerializer
    ordering_fields = ("created_at",)
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[PayoutDestination]:
        return queries.own_destinations(actor_of(self.request))

    @extend_schema(request=DestinationInput, responses={201: DestinationSerializer}, examples=[_IBAN])
    def create(self, request: Request) -> Response:
        """Add one; it may be used after the cool-down. Needs a fresh proof of identity."""
        body = DestinationInput(data=request.data)
        body.is_valid(raise_exception=True)
        row = services.add_destination(actor=actor_of(request), **body.validated_data)
        return Response(self.get_serializer(row).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Use one no more."""
        services.remove_destination(actor=actor_of(request), destination_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)


class TransferViewSet(ViewSet):
    """From member to member."""

    access = {
        "list": "wallet.view_transfer",
        "retrieve": "wallet.view_transfer",
        "create": "wallet.send_transfer",
    }
    authentication_classes = FRESH
    queryset = Transfer.objects.none()
    serializer_class = WalletTransferSerializer
    ordering_fields = ("created_at",)
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Transfer]:
        return queries.visible_transfers(actor_of(self.request))

    @extend_schema(request=TransferInput, responses={201: WalletTransferSerializer})
    def create(self, request: Request) -> Response:
        """Send money to another member, at once; above an amount with a fresh proof of identity."""
        body = TransferInput(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        transfer = services.send_transfer(
            actor=actor_of(request),
            recipient=read_recipient(asked.pop("recipient")),
            key=_key(request),
            **asked,
        )
        return Response(self.get_serializer(transfer).data, status=status.HTTP_201_CREATED)


def read_recipient(text: str) -> UUID | str:
    """A member's id or an e-mail address. Raises DomainError (field ``recipient``)."""
    if "@" in text:
        return text.strip()
    try:
        return UUID(text.strip())
    except ValueError:
        raise DomainError(
            "transfer.recipient", "Give a member's e-mail address or id.", field="recipient"
        ) from None
