"""``payments/`` (S4-71): one's own payments, a tenant's for its staff, the platform's own for its."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core import crypto
from shared_apps.core.api.views import APIView, ViewSet
from shared_apps.core.context import PUBLIC, platform_context
from shared_apps.users.authentication import FRESH

from . import queries
from .exports import csv_response
from .models import Payment
from .serializers import (
    BankTransferSerializer,
    ConfirmInput,
    DeliverySerializer,
    FigureSerializer,
    LogSerializer,
    PaymentSerializer,
    RefundInput,
    RefundSerializer,
    StartedSerializer,
)
from .services import commands, deliveries, staff
from .services.steps import ACTION_SECRET


class PaymentFilter(django_filters.FilterSet):
    """``?state=succeeded&created_after=2026-11-01&user=7``"""

    created = django_filters.DateTimeFromToRangeFilter(field_name="created_at")
    user = django_filters.NumberFilter(field_name="user_id")
    paid_to_platform = django_filters.BooleanFilter()

    class Meta:
        model = Payment
        fields = ["state", "purpose", "provider", "currency", "reference", "label", "is_disputed"]


def started(payment: Payment) -> dict[str, Any]:
    """A payment with what its payer does next; the secret is opened for the payer alone."""
    if not payment.action_kind or payment.state != Payment.State.PENDING:
        return {"payment": payment, "action": None}
    secret = ""
    with platform_context():
        sealed = Payment.objects.filter(pk=payment.pk).values_list("action_secret", flat=True).get()
    if sealed:
        secret = crypto.unseal(sealed, purpose=ACTION_SECRET, row=payment.pk, schema=PUBLIC)
    next_step = {
        "kind": payment.action_kind,
        "url": payment.action_url,
        "secret": secret,
        "address": payment.action_address,
        "details": payment.action_details,
        "expires_at": payment.action_expires_at,
    }
    return {"payment": payment, "action": next_step}


class PaymentViewSet(ViewSet):
    """Payments."""

    access = {
        "list": "payments.view_payment",
        "retrieve": "payments.view_payment",
        "export": "payments.view_payment",
        "log": "payments.view_payment",
        "refund": "payments.refund_payment",
        "start": "payments.make_payment",
        "cancel": "payments.make_payment",
        "again": "payments.make_payment",
    }
    authentication_classes = FRESH
    queryset = Payment.objects.none()
    serializer_class = PaymentSerializer
    filterset_class = PaymentFilter
    ordering_fields = ("created_at", "minor_units", "ended_at")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Payment]:
        return queries.visible_payments(actor_of(self.request))

    def filter_queryset(self, queryset: Any) -> Any:
        """Filters are the list's and the export's."""
        return super().filter_queryset(queryset) if self.action in ("list", "export") else queryset

    @property
    def idempotent(self) -> bool:  # type: ignore[override]
        """What asks a provider holds no transaction open; the attempt's own key makes it repeatable."""
        return getattr(self, "action", None) not in ("start", "cancel")

    @extend_schema(responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)})
    @action(detail=False)
    def export(self, request: Request) -> HttpResponseBase:
        """The same list as CSV, all of it."""
        return csv_response(request._request, self.filter_queryset(self.get_queryset()))

    @extend_schema(responses=LogSerializer(many=True), filters=False)
    @action(detail=True, pagination_class=None)
    def log(self, request: Request, pk: UUID) -> Response:
        """Its journal, oldest first."""
        payment = queries.get_payment(actor_of(request), pk)
        return Response(LogSerializer(queries.log_of(payment), many=True).data)

    @extend_schema(request=RefundInput, responses={201: RefundSerializer})
    @action(detail=True, methods=["post"])
    def refund(self, request: Request, pk: UUID) -> Response:
        """Give it back, wholly or in part; needs a fresh proof of identity."""
        body = RefundInput(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        made = commands.refund_payment(
            actor=actor_of(request),
            payment_id=pk,
            money=given.get("money"),
            reason=given["reason"],
        )
        return Response(RefundSerializer(made).data, status=201)

    @extend_schema(request=None, responses=StartedSerializer)
    @action(detail=True, methods=["post"])
    def start(self, request: Request, pk: UUID) -> Response:
        """Begin one's own payment at its provider; repeating it gives the same action."""
        commands.pay(actor=actor_of(request), payment_id=pk)
        return self._started(request, pk)

    @extend_schema(request=None, responses=PaymentSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: UUID) -> Response:
        """Give up one's own payment as long as it is not paid."""
        commands.give_up(actor=actor_of(request), payment_id=pk)
        return Response(PaymentSerializer(queries.own_payment(actor_of(request), pk)).data)

    @extend_schema(request=None, responses={201: PaymentSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: UUID) -> Response:
        """Another attempt after one that failed; then start it."""
        made = commands.try_again(actor=actor_of(request), payment_id=pk)
        return Response(PaymentSerializer(queries.own_payment(actor_of(request), made.pk)).data, status=201)

    def _started(self, request: Request, pk: UUID) -> Response:
        payment = queries.own_payment(actor_of(request), pk)
        return Response(StartedSerializer(started(payment)).data)


class TransferListView(APIView):
    """Bank transfers that wait for their confirmation."""

    access = {"get": "payments.confirm_transfer"}
    authentication_classes = FRESH

    @extend_schema(operation_id="payments_transfers_list", responses=BankTransferSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Payments, refunds and payouts, each oldest first."""
        return Response(BankTransferSerializer(queries.waiting_transfers(actor_of(request)), many=True).data)


class TransferConfirmView(APIView):
    """One bank transfer."""

    access = {"post": "payments.confirm_transfer"}
    authentication_classes = FRESH

    @extend_schema(operation_id="payments_transfers_confirm", request=ConfirmInput, responses={204: None})
    def post(self, request: Request, kind: str, pk: UUID) -> Response:
        """Say what happened at the bank; nobody confirms their own, large ones take two people."""
        body = ConfirmInput(data=request.data)
        body.is_valid(raise_exception=True)
        staff.confirm_transfer(actor=actor_of(request), kind=kind, object_id=pk, **body.validated_data)
        return Response(status=204)


class DeliveryFilter(django_filters.FilterSet):
    """``?state=dead&provider=stripe``"""

    class Meta:
        model = DeliverySerializer.Meta.model
        fields = ["state", "provider", "object_kind", "object_id", "configuration", "signature"]


class DeliveryViewSet(ViewSet):
    """Notifications of payment providers (F49)."""

    access = {
        "list": "payments.view_delivery",
        "retrieve": "payments.view_delivery",
        "replay": "payments.replay_delivery",
    }
    authentication_classes = FRESH
    queryset = DeliverySerializer.Meta.model.objects.none()
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter
    ordering_fields = ("received_at", "due_at")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.inbox_of(actor_of(self.request))

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: UUID) -> Response:
        """Have it worked off again; its object is fetched as it is now, so repeating is harmless."""
        row = deliveries.replay(actor=actor_of(request), delivery_id=pk)
        return Response(DeliverySerializer(row).data)


class FigureQuery(serializers.Serializer[Any]):
    """Whole days in UTC; without, the last 30."""

    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)


class FigureView(APIView):
    """Totals by day of every organisation (S2-30)."""

    access = {"get": "payments.view_figures"}

    @extend_schema(
        operation_id="payments_figures", parameters=[FigureQuery], responses=FigureSerializer(many=True)
    )
    def get(self, request: Request) -> Response:
        """Newest first."""
        asked = FigureQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        until = asked.validated_data.get("until") or timezone.now().date()
        since = asked.validated_data.get("since") or until - timedelta(days=29)
        found = queries.figures(actor_of(request), since=max(since, until - timedelta(days=366)), until=until)
        return Response(FigureSerializer(found, many=True).data)
