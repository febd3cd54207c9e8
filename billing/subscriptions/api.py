"""``subscription/``: one's own. ``subscriptions/``: those that are sold on this host."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.payments.models import Payment, money_of
from shared_apps.access.drf import actor_of
from shared_apps.core.api.fields import MoneyField
from shared_apps.core.api.views import APIView
from shared_apps.users.authentication import FRESH
from shared_apps.users.hosts import client_of

from . import queries, services, shown
from .models import Subscription, SubscriptionCharge
from .rules.states import AccessState

VIEW_OWN, CHANGE_OWN = "subscriptions.view_own_subscription", "subscriptions.change_own_subscription"
_ORGANISATION = OpenApiParameter(
    "organisation",
    OpenApiTypes.UUID,
    description="On the platform's host: for which of one's organisations; the home where it is left out.",
)


class SubscriptionChargeSerializer(serializers.ModelSerializer[SubscriptionCharge]):
    """An amount asked for. ``is_simulated``: nobody real was paid. ``lines`` add up to the amount."""

    amount = serializers.SerializerMethodField()
    lines = serializers.SerializerMethodField()

    class Meta:
        model = SubscriptionCharge
        fields = [
            "id", "kind", "state", "amount", "lines", "due_at", "paid_at", "payment_id", "invoice_id",
            "is_simulated", "failure", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(MoneyField())
    def get_amount(self, charge: SubscriptionCharge) -> dict[str, str]:
        return shown.charge_money(charge).as_json()

    @extend_schema_field(
        {"type": "array", "items": {"type": "object", "properties": {
            "kind": {"type": "string", "enum": ["plan", "discount", "unused", "credit"]},
            "amount": {"type": "object", "properties": {
                "amount": {"type": "string"}, "currency": {"type": "string"}}}}}}
    )  # fmt: skip
    def get_lines(self, charge: SubscriptionCharge) -> list[dict[str, Any]]:
        return [
            {"kind": kind, "amount": money_of(amount, charge.currency).as_json()}
            for kind, amount in charge.lines
        ]


class SubscriptionContractSerializer(serializers.ModelSerializer[Subscription]):
    """What was agreed: the version of the plan and the price that it was made with."""

    plan = serializers.UUIDField(source="version.plan_id")
    plan_name = serializers.CharField(source="version.terms.name")
    plan_version = serializers.IntegerField(source="version.number")
    entitlements = serializers.ListField(child=serializers.CharField(), source="version.terms.entitlements")
    price = serializers.SerializerMethodField()
    price_id = serializers.UUIDField(source="pricing_id", allow_null=True)
    next_plan_name = serializers.SerializerMethodField()

    class Meta:
        model = Subscription
        fields = [
            "id", "plan", "plan_name", "plan_version", "entitlements", "price", "price_id", "seats", "status",
            "method", "started_at", "paid_at", "period_start", "cancel_at", "cancel_reason", "paused_at",
            "paused_until", "next_plan_name", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(MoneyField(allow_null=True))
    def get_price(self, contract: Subscription) -> dict[str, str] | None:
        return None if contract.pricing is None else shown.price_money(contract.pricing).as_json()

    def get_next_plan_name(self, contract: Subscription) -> str | None:
        """The plan that begins with the next period, where another one does."""
        return None if contract.next_version is None else str(contract.next_version.terms["name"])


class MeterUseSerializer(serializers.Serializer[Any]):
    """What an organisation has used of a limit; daily ones begin anew at midnight (UTC)."""

    meter = serializers.CharField()
    used = serializers.IntegerField()
    soft = serializers.IntegerField(allow_null=True)
    hard = serializers.IntegerField(allow_null=True)
    remaining = serializers.IntegerField(allow_null=True)
    is_daily = serializers.BooleanField()


class OwnSubscriptionSerializer(serializers.Serializer[Any]):
    """How one stands. ``access_state`` decides; ``state`` says more exactly why."""

    access_state = serializers.ChoiceField(choices=[str(state) for state in AccessState])
    state = serializers.ChoiceField(choices=Subscription.State.choices)
    next_billing_time = serializers.DateTimeField(allow_null=True)
    first_source_at = serializers.DateTimeField(allow_null=True)
    contract = SubscriptionContractSerializer(allow_null=True)
    charge = SubscriptionChargeSerializer(allow_null=True)
    charges = SubscriptionChargeSerializer(many=True)
    uses = MeterUseSerializer(many=True)


class SubscriptionCheckoutInput(serializers.Serializer[Any]):
    """Which price, how it is paid; ``configuration`` is a seller's account (without it the first)."""

    price = serializers.UUIDField()
    seats = serializers.IntegerField(min_value=1, max_value=100_000, default=1)
    code = serializers.CharField(max_length=40, allow_blank=True, default="")
    method = serializers.CharField(max_length=20, default="payment")
    configuration = serializers.UUIDField(required=False)


class SubscriptionPayInput(serializers.Serializer[Any]):
    """Which of the seller's accounts takes the payment; the first without it."""

    configuration = serializers.UUIDField(required=False)


class SubscriptionCheckoutSerializer(serializers.Serializer[Any]):
    """What was chosen. ``payment_id`` and ``pay_url`` are there where something is to be paid now."""

    subscription = OwnSubscriptionSerializer()
    payment_id = serializers.UUIDField(allow_null=True)
    pay_url = serializers.CharField(allow_null=True)
    is_simulated = serializers.BooleanField()


class SubscriptionChangeInput(serializers.Serializer[Any]):
    """The new price and seats; ``at`` is a preview's, whose amounts are then charged."""

    price = serializers.UUIDField()
    seats = serializers.IntegerField(min_value=1, max_value=100_000, default=1)
    at = serializers.DateTimeField(required=False)


class SubscriptionPreviewSerializer(serializers.Serializer[Any]):
    """What a change would be: ``now``, ``after_payment`` (of ``total``) or at ``period_end``."""

    at = serializers.DateTimeField()
    takes_effect = serializers.ChoiceField(choices=["now", "after_payment", "period_end"])
    effective_at = serializers.DateTimeField(allow_null=True)
    total = MoneyField()
    credit_left = MoneyField()


class SubscriptionCancelInput(serializers.Serializer[Any]):
    """Why, and whether at once instead of with the period."""

    reason = serializers.CharField(max_length=255, allow_blank=True, default="")
    at_once = serializers.BooleanField(default=False)


class SubscriptionPauseInput(serializers.Serializer[Any]):
    """For how many days; as long as the seller allows without it."""

    days = serializers.IntegerField(min_value=1, max_value=365, required=False)


class SubscriptionPortalSerializer(serializers.Serializer[Any]):
    """Where one manages methods, invoices and the subscription."""

    url = serializers.URLField()


def _organisation(request: Request) -> UUID | None:
    text = request.query_params.get("organisation", "")
    if not text:
        return None
    return serializers.UUIDField().run_validation(text)  # type: ignore[no-any-return]


def _own(request: Request) -> Any:
    return OwnSubscriptionSerializer(shown.own_subscription(actor_of(request), _organisation(request))).data


class _OwnView(APIView):
    authentication_classes = FRESH
    access = {"post": CHANGE_OWN}


class SubscriptionView(_OwnView):
    """One's own subscription: a member's on a tenant's host, an organisation's on the platform's."""

    access = {"get": VIEW_OWN}

    @extend_schema(
        operation_id="subscription_retrieve", parameters=[_ORGANISATION], responses=OwnSubscriptionSerializer
    )
    def get(self, request: Request) -> Response:
        """How one stands: inactive, trial, paying or expired."""
        return Response(_own(request))


class CheckoutView(_OwnView):
    """Choosing a plan."""

    @extend_schema(
        operation_id="subscription_checkout", parameters=[_ORGANISATION], request=SubscriptionCheckoutInput,
        responses={201: SubscriptionCheckoutSerializer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Choose a price; where something is to be paid now, a payment is begun."""
        body = SubscriptionCheckoutInput(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        contract, charge = services.subscribe(
            actor=actor_of(request), price_id=given["price"], seats=given["seats"], code=given["code"],
            method=given["method"], organisation=_organisation(request),
        )  # fmt: skip
        payment = None
        if charge is not None and contract.method == "payment":
            payment = _begin(request, charge, given.get("configuration"))
        return Response(_checkout(request, payment), status=201)


class PayView(_OwnView):
    """Paying what is asked for, or what is due."""

    @extend_schema(
        operation_id="subscription_pay", parameters=[_ORGANISATION], request=SubscriptionPayInput,
        responses={201: SubscriptionCheckoutSerializer},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Begin a payment, or go on with the one that was begun."""
        body = SubscriptionPayInput(data=request.data)
        body.is_valid(raise_exception=True)
        charge = services.amount_due(actor=actor_of(request), organisation=_organisation(request))
        payment = (
            None if charge is None else _begin(request, charge, body.validated_data.get("configuration"))
        )
        return Response(_checkout(request, payment), status=201)


def _begin(request: Request, charge: SubscriptionCharge, configuration: UUID | None) -> Payment:
    return services.begin_paying(
        actor=actor_of(request), charge_id=charge.pk, configuration_id=configuration, surface="api",
        return_url=f"{client_of(request._request).origin}/subscription/",
    )  # fmt: skip


def _checkout(request: Request, payment: Payment | None) -> Any:
    origin = client_of(request._request).origin
    return {
        "subscription": _own(request),
        "payment_id": None if payment is None else str(payment.pk),
        "pay_url": None if payment is None else f"{origin}/pay/{payment.pk}/",
        "is_simulated": payment is not None and payment.is_simulated,
    }


class PreviewView(_OwnView):
    """What a change would cost."""

    access = {"post": VIEW_OWN}

    @extend_schema(
        operation_id="subscription_preview", parameters=[_ORGANISATION], request=SubscriptionChangeInput,
        responses=SubscriptionPreviewSerializer,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Nothing is written; give ``at`` to the change, and this is what is charged."""
        body = SubscriptionChangeInput(data=request.data)
        body.is_valid(raise_exception=True)
        found = services.preview_change(
            actor=actor_of(request), price_id=body.validated_data["price"],
            seats=body.validated_data["seats"], organisation=_organisation(request),
        )  # fmt: skip
        answer = {
            "at": found.at,
            "takes_effect": found.takes_effect,
            "effective_at": found.effective_at,
            "total": money_of(found.quote.total, found.currency),
            "credit_left": money_of(found.quote.credit_left, found.currency),
        }
        return Response(SubscriptionPreviewSerializer(answer).data)


class ChangeView(_OwnView):
    """Another plan or number of seats."""

    @extend_schema(
        operation_id="subscription_change", parameters=[_ORGANISATION], request=SubscriptionChangeInput,
        responses=SubscriptionCheckoutSerializer,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """What costs at least as much is had when it is paid, what costs less with the next period."""
        body = SubscriptionChangeInput(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        contract, charge = services.change_subscription(
            actor=actor_of(request), price_id=given["price"], seats=given["seats"], at=given.get("at"),
            organisation=_organisation(request),
        )  # fmt: skip
        payment = (
            _begin(request, charge, None) if charge is not None and contract.method == "payment" else None
        )
        return Response(_checkout(request, payment))


class CancelView(_OwnView):
    """Ending it."""

    @extend_schema(
        operation_id="subscription_cancel", parameters=[_ORGANISATION], request=SubscriptionCancelInput,
        responses=OwnSubscriptionSerializer,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """With the period that is paid for, or at once. Nothing is deleted."""
        body = SubscriptionCancelInput(data=request.data)
        body.is_valid(raise_exception=True)
        services.cancel_subscription(
            actor=actor_of(request), organisation=_organisation(request), **body.validated_data
        )
        return Response(_own(request))


class ResumeView(_OwnView):
    """Going on."""

    @extend_schema(
        operation_id="subscription_resume", parameters=[_ORGANISATION], request=None,
        responses=OwnSubscriptionSerializer,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Take a cancellation back before it has come, or end a pause."""
        services.resume_subscription(actor=actor_of(request), organisation=_organisation(request))
        return Response(_own(request))


class PauseView(_OwnView):
    """Standing still; on a tenant's host only."""

    @extend_schema(
        operation_id="subscription_pause", request=SubscriptionPauseInput, responses=OwnSubscriptionSerializer
    )
    def post(self, request: Request) -> Response:
        """The clock stands, what was paid for stays; it goes on by itself."""
        body = SubscriptionPauseInput(data=request.data)
        body.is_valid(raise_exception=True)
        services.pause_subscription(actor=actor_of(request), **body.validated_data)
        return Response(_own(request))


class PortalView(_OwnView):
    """The page where one manages it."""

    @extend_schema(operation_id="subscription_portal", parameters=[_ORGANISATION], request=None,
                   responses=SubscriptionPortalSerializer)  # fmt: skip
    def post(self, request: Request) -> Response:
        """Its address, for clients that have no page of their own."""
        who = queries.subscriber_of(actor_of(request), _organisation(request))
        query = "" if who.user_id is not None else f"?organisation={who.tenant.uuid}"
        return Response({"url": f"{client_of(request._request).origin}/subscription/{query}"})
