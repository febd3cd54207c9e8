"""``ownership-transfers/``: the owner proposes, the other member answers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import GenericViewSet
from shared_apps.users.authentication import FRESH

from . import queries, rules, services
from .models import OwnershipTransfer


class TransferSerializer(serializers.ModelSerializer[OwnershipTransfer]):
    """A proposal to hand ownership over."""

    state = serializers.ChoiceField(choices=rules.TRANSFER_STATES, read_only=True)
    from_member = serializers.UUIDField(source="from_member_id", read_only=True)
    to_member = serializers.UUIDField(source="to_member_id", read_only=True)

    class Meta:
        model = OwnershipTransfer
        fields = ["id", "from_member", "to_member", "state", "created_at", "expires_at"]
        read_only_fields = fields


class ProposalInput(serializers.Serializer[Any]):
    """Who is to become the owner."""

    member = serializers.UUIDField()


class TransferViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Proposals to hand ownership over: owners and auditors see all of them, others those to themselves."""

    access = {
        "list": "members.view_transfer",
        "retrieve": "members.view_transfer",
        "create": "members.propose_transfer",
        "withdraw": "members.propose_transfer",
        "accept": "members.answer_transfer",
        "decline": "members.answer_transfer",
    }
    authentication_classes = FRESH
    queryset = OwnershipTransfer.objects.none()
    serializer_class = TransferSerializer
    ordering_fields = ("created_at",)
    ordering = ("-created_at", "-id")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[OwnershipTransfer]:
        return queries.visible_transfers(actor_of(self.request))

    @extend_schema(request=ProposalInput, responses={201: TransferSerializer})
    def create(self, request: Request) -> Response:
        """Propose to hand one's ownership to another member."""
        body = ProposalInput(data=request.data)
        body.is_valid(raise_exception=True)
        transfer = services.propose_transfer(
            actor=actor_of(request),
            member_id=body.validated_data["member"],
            origin=request._request.build_absolute_uri("/").rstrip("/"),
        )
        return Response(TransferSerializer(transfer).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=None, responses=TransferSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: UUID) -> Response:
        """Become the owner; whoever proposed it goes on as an administrator."""
        transfer = services.accept_transfer(actor=actor_of(request), transfer_id=pk)
        return Response(TransferSerializer(transfer).data)

    @extend_schema(request=None, responses=TransferSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: UUID) -> Response:
        """Say no."""
        transfer = services.decline_transfer(actor=actor_of(request), transfer_id=pk)
        return Response(TransferSerializer(transfer).data)

    @extend_schema(request=None, responses=TransferSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Take one's own proposal back."""
        transfer = services.withdraw_transfer(actor=actor_of(request), transfer_id=pk)
        return Response(TransferSerializer(transfer).data)
