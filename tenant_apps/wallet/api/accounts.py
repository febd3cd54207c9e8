"""Balances, transactions, statements, and whether a wallet is open."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from shared_apps.access.drf import actor_of
from shared_apps.core.api.filters import refuse_unknown_parameters
from shared_apps.core.api.pagination import Pagination
from shared_apps.core.api.views import APIView, GenericViewSet
from shared_apps.core.errors import NotFoundError
from shared_apps.core.streaming import stream
from shared_apps.users.authentication import FRESH
from tenant_apps.wallet import history, queries, services

from .serializers import (
    LineSerializer,
    PurseSerializer,
    StandingSerializer,
    StatementSerializer,
    WalletReasonInput,
)


class AccountQuery(serializers.Serializer[Any]):
    """Filters of balances."""

    member = serializers.UUIDField(required=False)
    currency = serializers.CharField(required=False, max_length=10)


class LineQuery(serializers.Serializer[Any]):
    """Filters of transactions; ``before`` is a line's ``seq``, ``member`` is for leaders and auditors."""

    member = serializers.UUIDField(required=False)
    currency = serializers.CharField(required=False, max_length=10, default="")
    kind = serializers.CharField(required=False, max_length=50, default="")
    since = serializers.DateTimeField(required=False, default=None)
    until = serializers.DateTimeField(required=False, default=None)
    before = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    page_size = serializers.IntegerField(required=False, min_value=1)

    def filters(self) -> history.Filters:
        """The same for the query."""
        given = self.validated_data
        return history.Filters(
            currency=given["currency"], kind=given["kind"], since=given["since"], until=given["until"]
        )


class AccountViewSet(GenericViewSet):
    """What members have, by currency."""

    access = {"list": "wallet.view_wallet"}
    serializer_class = PurseSerializer
    filter_backends = ()

    @extend_schema(parameters=[AccountQuery], responses=PurseSerializer(many=True))
    def list(self, request: Request) -> Response:
        """One's own balances; for leaders and auditors everybody's."""
        refuse_unknown_parameters(request, self, AccountQuery().fields)
        asked = AccountQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        rows = queries.visible_accounts(actor_of(request)).order_by("owner", "asset")
        if "member" in asked.validated_data:
            rows = rows.filter(owner=asked.validated_data["member"])
        if "currency" in asked.validated_data:
            rows = rows.filter(asset=asked.validated_data["currency"])
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(self.get_serializer(queries.purses(page or ()), many=True).data)


class LinesPage(serializers.Serializer[Any]):
    """A page of transactions; the following one begins behind its last line."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = LineSerializer(many=True)


def _member_id(request: Request, asked: Any) -> UUID:
    actor = actor_of(request)
    member_id: UUID | None = asked.validated_data.get("member") or actor.member_id
    if member_id is None:
        raise NotFoundError("wallet.no_member", _("Only members have a wallet."))
    found: UUID = queries.get_member(actor, member_id, "wallet.view_wallet").pk
    return found


class TransactionsView(APIView):
    """The history of a wallet."""

    access = {"get": "wallet.view_wallet"}

    @extend_schema(operation_id="wallet_transactions_list", parameters=[LineQuery], responses=LinesPage)
    def get(self, request: Request) -> Response:
        """Movements, the newest first, each with the balance that it left."""
        refuse_unknown_parameters(request, self, LineQuery().fields)
        asked = LineQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        member_id, filters = _member_id(request, asked), asked.filters()
        size = Pagination().get_page_size(request)
        found = history.lines(member_id, filters, before=asked.validated_data.get("before"), limit=size + 1)
        following = None
        if len(found) > size:
            address = request.build_absolute_uri()
            following = replace_query_param(address, "before", str(found[size - 1].seq))
        body = {
            "count": history.count(member_id, filters),
            "next": following,
            "previous": None,
            "results": [LineSerializer(line).data for line in found[:size]],
        }
        return Response(body)


class ExportView(APIView):
    """The history as a file."""

    access = {"get": "wallet.view_wallet"}

    @extend_schema(
        operation_id="wallet_transactions_export",
        parameters=[LineQuery],
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """All movements that the filters let through, as CSV, the newest first."""
        refuse_unknown_parameters(request, self, LineQuery().fields)
        asked = LineQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return csv_response(request._request, _member_id(request, asked), asked.filters())


def csv_response(request: Any, member_id: UUID, filters: history.Filters) -> HttpResponseBase:
    """A streamed file of a wallet's history."""
    return stream(
        request,
        history.csv_chunks(member_id, filters),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="transactions.csv"',
            "Cache-Control": "no-store, private",
            "X-Content-Type-Options": "nosniff",
        },
    )


class StatementView(APIView):
    """A month of a wallet."""

    access = {"get": "wallet.view_wallet"}

    @extend_schema(
        operation_id="wallet_statement",
        parameters=[
            OpenApiParameter("month", str, required=True, description="2026-11"),
            OpenApiParameter("member", UUID),
        ],
        responses=StatementSerializer,
    )
    def get(self, request: Request) -> Response:
        """What there was, came, went and was left, for each currency."""
        refuse_unknown_parameters(request, self, ("month", "member"))
        asked = AccountQuery(data=request.query_params)
        asked.is_valid(raise_exception=True)
        month = request.query_params.get("month", "")
        since, until = history.month_bounds(month)
        found = history.summaries(_member_id(request, asked), since, until)
        body = {"month": month, "since": since, "until": until, "currencies": found}
        return Response(StatementSerializer(body).data)


class FreezeView(APIView):
    """A member's wallet, closed and opened by leaders."""

    access = {"post": "wallet.freeze_wallet"}
    authentication_classes = FRESH

    @extend_schema(operation_id="wallet_freeze", request=WalletReasonInput, responses=StandingSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Let nothing leave the wallet."""
        body = WalletReasonInput(data=request.data)
        body.is_valid(raise_exception=True)
        wallet = services.freeze_wallet(actor=actor_of(request), member_id=pk, **body.validated_data)
        return Response(StandingSerializer(wallet).data)


class UnfreezeView(APIView):
    """The same, opened again."""

    access = {"post": "wallet.freeze_wallet"}
    authentication_classes = FRESH

    @extend_schema(operation_id="wallet_unfreeze", request=None, responses=StandingSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Open a frozen wallet."""
        wallet = services.unfreeze_wallet(actor=actor_of(request), member_id=pk)
        return Response(StandingSerializer(wallet).data)
