"""Trading platforms and accounts over the API."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.filters import refuse_unknown_parameters
from shared_apps.core.api.plain_fields import AmountField, MomentField, OptionalMomentField
from shared_apps.core.api.views import APIView, ViewSet
from shared_apps.users.authentication import FRESH
from tenant_apps.members.api_sharing import SharingMixin

from . import queries, services
from .models import AccountBalance, TradingAccount
from .rules import AccountMode
from .venues.base import VenueType, venue_types


class PlatformSerializer(serializers.Serializer[Any]):
    """A venue that is installed, and what it can do."""

    key = serializers.CharField()
    name = serializers.SerializerMethodField()
    is_simulated = serializers.BooleanField(source="capabilities.simulated")
    order_types = serializers.SerializerMethodField()
    times_in_force = serializers.SerializerMethodField()
    hedging = serializers.BooleanField(source="capabilities.hedging")
    bracket = serializers.BooleanField(source="capabilities.bracket")
    trailing = serializers.BooleanField(source="capabilities.trailing")
    replace = serializers.BooleanField(source="capabilities.replace")

    def get_name(self, venue: VenueType) -> str:
        """The venue's name in the reader's language."""
        return _(venue.label)

    def get_order_types(self, venue: VenueType) -> list[str]:
        """What kinds of order it takes."""
        return sorted(venue.capabilities.order_types)

    def get_times_in_force(self, venue: VenueType) -> list[str]:
        """How long an order may work there."""
        return sorted(venue.capabilities.times_in_force)


class PlatformPage(serializers.Serializer[Any]):
    """All installed venues; there is one page."""

    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PlatformSerializer(many=True)


class PlatformView(APIView):
    """The trading platforms that an account can be at."""

    access = {"get": "trading_accounts.view_platform"}

    @extend_schema(responses=PlatformPage)
    def get(self, request: Request) -> Response:
        """List the installed venues with what they can do."""
        refuse_unknown_parameters(request, self, ())
        results = PlatformSerializer(venue_types(), many=True).data
        return Response({"count": len(results), "next": None, "previous": None, "results": results})


class BalanceSerializer(serializers.ModelSerializer[AccountBalance]):
    """Cash in one currency: an opening balance, realised profits, fees paid."""

    amount = AmountField(currency="currency")

    class Meta:
        model = AccountBalance
        fields = ("currency", "amount")
        read_only_fields = fields


class AccountSerializer(serializers.ModelSerializer[TradingAccount]):
    """A trading account with its cash by currency."""

    balances = BalanceSerializer(many=True, read_only=True)
    connected_at = OptionalMomentField()
    created_at = MomentField()

    class Meta:
        model = TradingAccount
        fields = (
            "id",
            "member",
            "venue",
            "name",
            "mode",
            "currency",
            "status",
            "status_reason",
            "is_simulated",
            "settings",
            "balances",
            "connected_at",
            "created_at",
        )
        read_only_fields = fields


class AccountInput(serializers.Serializer[Any]):
    """A new account. `opening_balance` is play money of a simulated one, `settings` its assumptions and
    faults."""

    venue = serializers.CharField(max_length=20)
    name = serializers.CharField(max_length=100)
    currency = serializers.CharField(max_length=12)
    mode = serializers.ChoiceField(
        choices=[mode.value for mode in AccountMode], default=AccountMode.NETTING.value
    )
    opening_balance = serializers.DecimalField(max_digits=24, decimal_places=8, required=False)
    settings = serializers.DictField(required=False)


class SettingsInput(serializers.Serializer[Any]):
    """The settings of a simulated account, all of them."""

    settings = serializers.DictField()


class DisconnectInput(serializers.Serializer[Any]):
    """Why an account is disconnected."""

    reason = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)


class AccountViewSet(SharingMixin, ViewSet):
    """The members' accounts at venues: each member's own; staff and auditors of the tenant see all."""

    access = {
        "list": "trading_accounts.view_account",
        "retrieve": "trading_accounts.view_account",
        "create": "trading_accounts.create_account",
        "partial_update": "trading_accounts.change_account",
        "connect": "trading_accounts.connect_account",
        "disconnect": "trading_accounts.connect_account",
        "shares": "trading_accounts.view_share",
        "share": "trading_accounts.share_account",
        "unshare": "trading_accounts.share_account",
        "reach": "trading_accounts.view_share",
    }
    authentication_classes = FRESH
    shareable_kind = "trading_account"
    queryset = TradingAccount.objects.none()
    serializer_class = AccountSerializer
    filterset_fields = ("venue", "status", "is_simulated")
    ordering_fields = ("name", "created_at")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[TradingAccount]:
        return queries.visible_accounts(actor_of(self.request))

    def _answer(self, account: TradingAccount, code: int = status.HTTP_200_OK) -> Response:
        return Response(AccountSerializer(account).data, status=code)

    @extend_schema(request=AccountInput, responses={201: AccountSerializer})
    def create(self, request: Request) -> Response:
        """Add an account of your own at a venue; connect it before it can trade."""
        data = AccountInput(data=request.data)
        data.is_valid(raise_exception=True)
        account = services.create_account(actor=actor_of(request), **data.validated_data)
        return self._answer(account, status.HTTP_201_CREATED)

    @extend_schema(request=SettingsInput, responses=AccountSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Replace the settings of a simulated account: its assumptions, and faults on purpose."""
        data = SettingsInput(data=request.data)
        data.is_valid(raise_exception=True)
        account = services.change_settings(
            actor=actor_of(request), trading_account_id=pk, settings=data.validated_data["settings"]
        )
        return self._answer(account)

    @extend_schema(request=None, responses=AccountSerializer)
    @action(detail=True, methods=["post"])
    def connect(self, request: Request, pk: UUID) -> Response:
        """Connect an account to its venue; `status_reason` says why when it could not be reached."""
        return self._answer(services.connect_account(actor=actor_of(request), trading_account_id=pk))

    @extend_schema(request=DisconnectInput, responses=AccountSerializer)
    @action(detail=True, methods=["post"])
    def disconnect(self, request: Request, pk: UUID) -> Response:
        """Stop using an account. Orders that its venue has stay there."""
        data = DisconnectInput(data=request.data)
        data.is_valid(raise_exception=True)
        return self._answer(
            services.disconnect_account(actor=actor_of(request), trading_account_id=pk, **data.validated_data)
        )
