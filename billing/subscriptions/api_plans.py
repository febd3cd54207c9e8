"""``plans/``: what is sold on this host. Everybody reads what is on offer, who sells changes it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.fields import MoneyField
from shared_apps.core.api.pagination import Pagination
from shared_apps.core.api.views import APIView
from shared_apps.core.context import platform_context
from shared_apps.core.money import Money
from shared_apps.users.authentication import FRESH

from . import queries, services
from .models import Plan, PlanPricing, PromotionCode
from .rules.states import Action
from .services.catalogue import PLACE, TERMS
from .shown import price_money

_INTERVALS = PlanPricing.BillingInterval.choices


class PlanPriceSerializer(serializers.ModelSerializer[PlanPricing]):
    """A price: so much for so many days, weeks, months or years. It never changes, it is replaced."""

    price = serializers.SerializerMethodField()

    class Meta:
        model = PlanPricing
        fields = [
            "id", "price", "interval", "interval_count", "trial_period_days", "per_seat", "active",
            "stripe_price_id",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(MoneyField())
    def get_price(self, pricing: PlanPricing) -> dict[str, str]:
        return price_money(pricing).as_json()


class PlanSerializer(serializers.ModelSerializer[Plan]):
    """A plan with the prices on offer. ``seats`` is how many people an organisation on it may have."""

    pricing = PlanPriceSerializer(many=True)
    entitlements = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(each) for each in Action])
    )
    limits = serializers.DictField()
    metadata = serializers.DictField()

    class Meta:
        model = Plan
        fields = [
            "id", "audience", "name", "description", "default", "available", "requires_payment",
            "requires_invoice", "auto_renew", "daily_time_minutes", "daily_data_mb", "seats", "entitlements",
            "limits", "version", "stripe_product_id", "metadata", "pricing", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class PlanInput(serializers.ModelSerializer[Plan]):
    """A plan as its seller writes it. What a contract is about gets a new version, for new contracts only."""

    entitlements = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(each) for each in Action]), required=False
    )
    limits = serializers.DictField(required=False)
    metadata = serializers.DictField(required=False)

    class Meta:
        model = Plan
        fields = [*TERMS, *PLACE]


class PlanPriceInput(serializers.Serializer[Any]):
    """A new price; one for the same currency and period leaves the catalogue."""

    price = MoneyField()
    interval = serializers.ChoiceField(choices=_INTERVALS, default="month")
    interval_count = serializers.IntegerField(min_value=1, max_value=1096, default=1)
    trial_period_days = serializers.IntegerField(min_value=0, max_value=730, default=0)
    per_seat = serializers.BooleanField(default=False)


class PlanPageSerializer(serializers.Serializer[Any]):
    """A page of plans."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PlanSerializer(many=True)


class PlanListView(APIView):
    """The plans sold on this host: the platform's to organisations, an organisation's to its subscribers."""

    access = {"get": "subscriptions.view_plan", "post": "subscriptions.change_plan"}
    authentication_classes = FRESH

    @extend_schema(
        operation_id="plans_list",
        parameters=[
            OpenApiParameter("page", OpenApiTypes.INT),
            OpenApiParameter("page_size", OpenApiTypes.INT),
        ],
        responses=PlanPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """On offer; who sells reads the others too."""
        with platform_context():
            found = list(queries.visible_plans(actor_of(request)))
        pages = Pagination()
        shown = pages.paginate_queryset(found, request, view=self)
        return pages.get_paginated_response(PlanSerializer(shown, many=True).data)

    @extend_schema(operation_id="plans_create", request=PlanInput, responses={201: PlanSerializer})
    def post(self, request: Request) -> Response:
        """Add a plan; it is sold once it has a price."""
        body = PlanInput(data=request.data)
        body.is_valid(raise_exception=True)
        plan = services.create_plan(actor=actor_of(request), values=body.validated_data)
        return Response(_shown(request, plan.pk), status=201)


class PlanView(APIView):
    """One plan."""

    access = {"get": "subscriptions.view_plan", "patch": "subscriptions.change_plan"}
    authentication_classes = FRESH

    @extend_schema(operation_id="plans_retrieve", responses=PlanSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """With its prices."""
        return Response(_shown(request, pk))

    @extend_schema(operation_id="plans_change", request=PlanInput(partial=True), responses=PlanSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change it for new contracts; old ones keep the version that they were made with."""
        body = PlanInput(data=request.data, partial=True)
        body.is_valid(raise_exception=True)
        services.change_plan(actor=actor_of(request), plan_id=pk, changes=body.validated_data)
        return Response(_shown(request, pk))


class PlanPricesView(APIView):
    """Prices of a plan."""

    access = {"post": "subscriptions.change_plan"}
    authentication_classes = FRESH

    @extend_schema(operation_id="plans_add_price", request=PlanPriceInput, responses={201: PlanSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        """Add a price."""
        body = PlanPriceInput(data=request.data)
        body.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(body.validated_data)
        price: Money = given.pop("price")
        services.add_price(
            actor=actor_of(request), plan_id=pk, amount=price.amount, currency=price.currency, **given
        )
        return Response(_shown(request, pk), status=201)


class PlanPriceView(APIView):
    """One price."""

    access = {"delete": "subscriptions.change_plan"}
    authentication_classes = FRESH

    @extend_schema(operation_id="plans_end_price", request=None, responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Take a price out of the catalogue; contracts keep it."""
        services.end_price(actor=actor_of(request), price_id=pk)
        return Response(status=204)


class PromotionCodeSerializer(serializers.ModelSerializer[PromotionCode]):
    """A promotion code with its coupon. ``periods`` null: for as long as the contract runs."""

    percent_off = serializers.DecimalField(source="coupon.percent_off", max_digits=5, decimal_places=2)
    amount_off = serializers.SerializerMethodField()
    periods = serializers.IntegerField(source="coupon.periods", allow_null=True)
    plan = serializers.UUIDField(source="coupon.plan_id", allow_null=True)

    class Meta:
        model = PromotionCode
        fields = [
            "id", "code", "active", "percent_off", "amount_off", "periods", "plan", "expires_at", "most_uses",
            "uses", "first_time_only",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(MoneyField(allow_null=True))
    def get_amount_off(self, code: PromotionCode) -> dict[str, str] | None:
        coupon = code.coupon
        return None if coupon.amount_off is None else Money(coupon.amount_off, coupon.currency).as_json()


class PromotionCodeInput(serializers.Serializer[Any]):
    """Give either ``percent_off`` or ``amount_off``."""

    code = serializers.CharField(max_length=40)
    percent_off = serializers.DecimalField(max_digits=5, decimal_places=2, required=False)
    amount_off = MoneyField(required=False)
    periods = serializers.IntegerField(min_value=1, max_value=1000, allow_null=True, default=1)
    plan = serializers.UUIDField(allow_null=True, default=None)
    most_uses = serializers.IntegerField(min_value=1, max_value=10**9, allow_null=True, default=None)
    expires_at = serializers.DateTimeField(allow_null=True, default=None)
    first_time_only = serializers.BooleanField(default=False)


class PromotionCodeListView(APIView):
    """Promotion codes of who sells on this host."""

    access = {"get": "subscriptions.browse_catalogue", "post": "subscriptions.change_plan"}
    authentication_classes = FRESH

    @extend_schema(operation_id="plans_codes", responses=PromotionCodeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All of them, by code."""
        found = queries.visible_codes(actor_of(request))
        return Response(PromotionCodeSerializer(found, many=True).data)

    @extend_schema(
        operation_id="plans_create_code", request=PromotionCodeInput, responses={201: PromotionCodeSerializer}
    )
    def post(self, request: Request) -> Response:
        """Make a coupon and its code."""
        body = PromotionCodeInput(data=request.data)
        body.is_valid(raise_exception=True)
        given: dict[str, Any] = dict(body.validated_data)
        amount: Money | None = given.pop("amount_off", None)
        given["plan_id"] = given.pop("plan")
        made = services.create_coupon(
            actor=actor_of(request),
            amount_off=None if amount is None else amount.amount,
            currency="" if amount is None else amount.currency,
            **given,
        )
        return Response(PromotionCodeSerializer(made).data, status=201)


class PromotionCodeView(APIView):
    """One promotion code."""

    access = {"delete": "subscriptions.change_plan"}
    authentication_classes = FRESH

    @extend_schema(operation_id="plans_end_code", request=None, responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Take it no more; contracts that have it keep its coupon."""
        services.end_code(actor=actor_of(request), code_id=pk)
        return Response(status=204)


def _shown(request: Request, plan_id: UUID) -> Any:
    return PlanSerializer(queries.get_plan(actor_of(request), plan_id)).data
