"""``payments/gateways/``: accounts at providers, of an organisation or of the platform itself."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import APIView
from shared_apps.users.authentication import FRESH

from . import queries
from .serializers import GatewayInput, GatewaySerializer, GatewaySwitchInput, ProviderTypeSerializer
from .services import gateways


class ProviderTypeView(APIView):
    """Providers that may be configured here."""

    access = {"get": "payments.view_gateway"}

    @extend_schema(operation_id="payments_providers_list", responses=ProviderTypeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Each with its fields."""
        kinds = gateways.offered_types(actor_of(request).tenant_schema)
        return Response(ProviderTypeSerializer(kinds, many=True).data)


class GatewayListView(APIView):
    """Accounts at providers."""

    access = {"get": "payments.view_gateway", "post": "payments.manage_gateway"}
    authentication_classes = FRESH
    idempotent = False  # keys of providers are in the body

    @extend_schema(operation_id="payments_gateways_list", responses=GatewaySerializer(many=True))
    def get(self, request: Request) -> Response:
        """All of the organisation's, or on the platform's host the platform's."""
        return Response(GatewaySerializer(queries.own_gateways(actor_of(request)), many=True).data)

    @extend_schema(
        operation_id="payments_gateways_create", request=GatewayInput, responses={201: GatewaySerializer}
    )
    def post(self, request: Request) -> Response:
        """Make one; it is switched off. Needs a fresh proof of identity."""
        return Response(_save(request, None), status=201)


class GatewayView(APIView):
    """One account."""

    access = {"get": "payments.view_gateway", "put": "payments.manage_gateway"}
    authentication_classes = FRESH

    @extend_schema(operation_id="payments_gateways_retrieve", responses=GatewaySerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """Without its secrets."""
        return Response(GatewaySerializer(queries.get_gateway(actor_of(request), pk)).data)

    @extend_schema(operation_id="payments_gateways_update", request=GatewayInput, responses=GatewaySerializer)
    def put(self, request: Request, pk: UUID) -> Response:
        """Change it; an empty secret keeps the stored one. Needs a fresh proof of identity."""
        return Response(_save(request, pk))


class GatewaySwitchView(APIView):
    """Whether an account takes new payments."""

    access = {"post": "payments.manage_gateway"}
    authentication_classes = FRESH

    @extend_schema(
        operation_id="payments_gateways_switch", request=GatewaySwitchInput, responses=GatewaySerializer
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """On or off; what is under way goes on."""
        body = GatewaySwitchInput(data=request.data)
        body.is_valid(raise_exception=True)
        row = gateways.switch_configuration(
            actor=actor_of(request), configuration_id=pk, **body.validated_data
        )
        return Response(GatewaySerializer(row).data)


class GatewayCheckView(APIView):
    """Whether an account's keys hold."""

    access = {"post": "payments.manage_gateway"}
    authentication_classes = FRESH
    idempotent = False  # asks the provider, in no transaction

    @extend_schema(operation_id="payments_gateways_check", request=None, responses=GatewaySerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask the provider who we are."""
        row = gateways.check_configuration(actor=actor_of(request), configuration_id=pk)
        return Response(GatewaySerializer(row).data)


def _save(request: Request, pk: UUID | None) -> object:
    body = GatewayInput(data=request.data)
    body.is_valid(raise_exception=True)
    row = gateways.save_configuration(actor=actor_of(request), configuration_id=pk, **body.validated_data)
    return GatewaySerializer(row).data
