"""``addresses/`` and ``professional-info/``: where a member's parcels and bills go, whose business it is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import MatrixPermission, actor_of
from shared_apps.core.api.views import ViewSet
from shared_apps.core.errors import NotFoundError

from . import queries, services
from .models import Address, ProfessionalInfo
from .services.postal import ADDRESS_FIELDS, BUSINESS_FIELDS


class AddressSerializer(serializers.ModelSerializer[Address]):
    """A postal address; ``country`` is two letters of ISO 3166-1."""

    class Meta:
        model = Address
        fields = ("id", *ADDRESS_FIELDS, "created_at")
        read_only_fields = ("id", "created_at")


class BusinessSerializer(serializers.ModelSerializer[ProfessionalInfo]):
    """A business with its numbers."""

    class Meta:
        model = ProfessionalInfo
        fields = (*BUSINESS_FIELDS, "updated_at")
        read_only_fields = ("updated_at",)


class AddressViewSet(ViewSet):
    """One's own postal addresses."""

    access = {
        "list": "members.view_address",
        "retrieve": "members.view_address",
        "create": "members.change_address",
        "partial_update": "members.change_address",
        "destroy": "members.change_address",
    }
    queryset = Address.objects.none()
    serializer_class = AddressSerializer
    filterset_fields = ("country", "is_default_shipping", "is_default_billing")
    ordering_fields = ("created_at", "city")
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Address]:
        return queries.own_addresses(actor_of(self.request))

    def create(self, request: Request) -> Response:
        """Keep another address; the first is the default for both uses."""
        address = services.add_address(actor=actor_of(request), values=self._values(request))
        return Response(AddressSerializer(address).data, status=status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change an address; a new default takes the old one's place."""
        changes = self._values(request, partial=True)
        address = services.change_address(actor=actor_of(request), address_id=pk, changes=changes)
        return Response(AddressSerializer(address).data)

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Forget an address."""
        services.remove_address(actor=actor_of(request), address_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _values(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        serializer = AddressSerializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)


class BusinessView(GenericAPIView[ProfessionalInfo]):
    """The business that one acts for, where the account is a professional's."""

    access = {
        "get": "members.view_business",
        "put": "members.change_business",
        "delete": "members.change_business",
    }
    permission_classes = (MatrixPermission,)
    queryset = ProfessionalInfo.objects.none()
    serializer_class = BusinessSerializer
    filter_backends = ()

    def get(self, request: Request) -> Response:
        info = queries.own_business(actor_of(request))
        if info is None:
            raise NotFoundError("business.none", _("No business is written down."))
        return Response(BusinessSerializer(info).data)

    def put(self, request: Request) -> Response:
        serializer = BusinessSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        info = services.set_business(actor=actor_of(request), values=serializer.validated_data)
        return Response(BusinessSerializer(info).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        services.remove_business(actor=actor_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
