"""``domains/``: the hosts of an organisation, and the proof that it owns them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import APIView
from shared_apps.users.authentication import FRESH

from . import queries, services
from .models import CustomDomain


class DomainSerializer(serializers.ModelSerializer[CustomDomain]):
    """A claimed domain, and the TXT record that proves it."""

    record_name = serializers.CharField(read_only=True)
    record_value = serializers.CharField(read_only=True)

    class Meta:
        model = CustomDomain
        fields = [
            "id", "domain", "state", "problem", "record_name", "record_value", "created_at", "checked_at",
            "verified_at",
        ]  # fmt: skip
        read_only_fields = fields


class DomainListSerializer(serializers.Serializer[Any]):
    """The subdomain, the first address among all hosts, and every claimed domain."""

    subdomain = serializers.CharField()
    primary = serializers.CharField()
    custom = DomainSerializer(many=True)


class DomainInput(serializers.Serializer[Any]):
    """A domain; one with letters beyond ASCII is kept in its ASCII form."""

    domain = serializers.CharField(max_length=253)


class PrimaryInput(serializers.Serializer[Any]):
    """Which claimed domain is to be the first address; null for the subdomain."""

    id = serializers.UUIDField(allow_null=True)


class DomainListView(APIView):
    """The organisation's hosts."""

    access = {"get": "configuration.view_domain", "post": "configuration.change_domain"}
    authentication_classes = FRESH

    @extend_schema(operation_id="domains_list", responses=DomainListSerializer)
    def get(self, request: Request) -> Response:
        """All of them; only verified ones lead anywhere."""
        return Response(DomainListSerializer(queries.domains_of(actor_of(request))).data)

    @extend_schema(
        operation_id="domains_create",
        request=DomainInput,
        responses={201: DomainSerializer},
    )
    def post(self, request: Request) -> Response:
        """Claim a domain; the answer names the record to set."""
        body = DomainInput(data=request.data)
        body.is_valid(raise_exception=True)
        row = services.add_domain(actor=actor_of(request), **body.validated_data)
        return Response(DomainSerializer(row).data, status=201)


class DomainView(APIView):
    """One claimed domain."""

    access = {"get": "configuration.view_domain", "delete": "configuration.change_domain"}
    authentication_classes = FRESH

    @extend_schema(operation_id="domains_retrieve", responses=DomainSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        """Its state and record."""
        return Response(DomainSerializer(queries.get_domain(actor_of(request), pk)).data)

    @extend_schema(operation_id="domains_destroy", responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Give it up; it stops to lead here at once."""
        services.remove_domain(actor=actor_of(request), domain_id=pk)
        return Response(status=204)


class DomainCheckView(APIView):
    """The look-up, now."""

    access = {"post": "configuration.change_domain"}
    authentication_classes = FRESH

    @extend_schema(operation_id="domains_check", request=None, responses=DomainSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        """Ask for the record; a few times an hour."""
        return Response(DomainSerializer(services.check_domain(actor=actor_of(request), domain_id=pk)).data)


class DomainPrimaryView(APIView):
    """The organisation's first address."""

    access = {"put": "configuration.change_domain"}
    authentication_classes = FRESH

    @extend_schema(operation_id="domains_primary", request=PrimaryInput, responses=DomainListSerializer)
    def put(self, request: Request) -> Response:
        """Choose a verified domain, or the subdomain."""
        body = PrimaryInput(data=request.data)
        body.is_valid(raise_exception=True)
        services.make_primary(actor=actor_of(request), domain_id=body.validated_data["id"])
        return Response(DomainListSerializer(queries.domains_of(actor_of(request))).data)
