"""``subscriptions/``: those that are sold on this host, and money for them that came by other ways."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.pagination import Pagination
from shared_apps.core.api.views import APIView
from shared_apps.core.context import platform_context
from shared_apps.core.errors import NotFoundError
from shared_apps.users.authentication import FRESH

from . import queries, services
from .api import SubscriptionChargeSerializer, SubscriptionContractSerializer
from .models import Subscription


class SoldSubscriptionSerializer(SubscriptionContractSerializer):
    """A subscription that is sold here: whose it is, and when it is due."""

    organisation = serializers.CharField(source="info.tenant.name")
    organisation_slug = serializers.CharField(source="info.tenant.slug")
    user = serializers.IntegerField(source="info.user_id", allow_null=True)
    user_name = serializers.SerializerMethodField()
    next_billing_time = serializers.DateTimeField(source="info.next_billing_time", allow_null=True)

    class Meta(SubscriptionContractSerializer.Meta):
        fields = [
            *SubscriptionContractSerializer.Meta.fields, "organisation", "organisation_slug", "user",
            "user_name", "next_billing_time",
        ]  # fmt: skip
        read_only_fields = fields

    def get_user_name(self, contract: Subscription) -> str:
        """The subscriber; empty for an organisation."""
        return "" if contract.info.user is None else contract.info.user.display_name


class SoldSubscriptionPageSerializer(serializers.Serializer[Any]):
    """A page of them."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = SoldSubscriptionSerializer(many=True)


class SoldSubscriptionListView(APIView):
    """On the platform's host organisations' subscriptions, on a tenant's those of its subscribers."""

    access = {"get": "subscriptions.view_subscription"}

    @extend_schema(
        operation_id="subscriptions_list",
        parameters=[
            OpenApiParameter("status", OpenApiTypes.STR, enum=Subscription.State.values),
            OpenApiParameter("page", OpenApiTypes.INT),
            OpenApiParameter("page_size", OpenApiTypes.INT),
        ],
        responses=SoldSubscriptionPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Newest first; ``?status=past_due`` narrows."""
        wanted = request.query_params.get("status", "")
        if wanted:
            serializers.ChoiceField(choices=Subscription.State.choices).run_validation(wanted)
        pages = Pagination()
        with platform_context():
            rows = queries.sold_subscriptions(actor_of(request), state=wanted)
            found = pages.paginate_queryset(rows, request, view=self)
            data = SoldSubscriptionSerializer(found, many=True).data
        return pages.get_paginated_response(data)


class SoldSubscriptionView(APIView):
    """One of them."""

    access = {"get": "subscriptions.view_subscription"}

    @extend_schema(operation_id="subscriptions_retrieve", responses=SoldSubscriptionSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """What was agreed, and how it stands."""
        with platform_context():
            found = queries.sold_subscriptions(actor_of(request)).filter(pk=pk).first()
            if found is None:
                raise NotFoundError("subscription.none", "There is no such subscription.")
            return Response(SoldSubscriptionSerializer(found).data)


class ChargePaidView(APIView):
    """An amount that was asked for."""

    access = {"post": "subscriptions.record_payment"}
    authentication_classes = FRESH

    @extend_schema(
        operation_id="subscriptions_record_payment", request=None, responses=SubscriptionChargeSerializer
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """Write down that it was paid by other ways. Needs a fresh proof of identity."""
        charge = services.record_payment(actor=actor_of(request), charge_id=pk)
        return Response(SubscriptionChargeSerializer(charge).data)
