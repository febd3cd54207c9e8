"""``organisations/``: one's own organisations, and the way from one to another without logging in again."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from shared_apps.access.drf import actor_of
from shared_apps.core.throttling import AuthenticationThrottle, RequestThrottle
from shared_apps.users.hosts import client_of, host_tenant
from shared_apps.users.second_step import Proof
from shared_apps.users.serializers import TokensSerializer
from shared_apps.users.services.login import open_api_session

from . import switching


class OrganisationSerializer(serializers.Serializer[Any]):
    """An organisation that one belongs to, and where it is."""

    uuid = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField()
    origin = serializers.CharField()
    is_current = serializers.BooleanField()


class HandOverSerializer(serializers.Serializer[Any]):
    """A token that opens a session there, once, within ``expires_in`` seconds."""

    token = serializers.CharField()
    expires_in = serializers.IntegerField()


class TokenSerializer(serializers.Serializer[Any]):
    """The token of a hand-over."""

    token = serializers.CharField(max_length=100)


class OrganisationViewSet(ViewSet):
    """The organisations that one belongs to."""

    access = {
        "list": "tenants.view_organisations",
        "hand_over": "tenants.hand_over",
    }
    lookup_value_converter = "uuid"

    @extend_schema(responses=OrganisationSerializer(many=True))
    def list(self, request: Request) -> Response:
        """One's organisations by name."""
        found = switching.organisations_of(actor_of(request), request._request)
        return Response(OrganisationSerializer(found, many=True).data)

    @extend_schema(request=None, responses=HandOverSerializer)
    @action(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: UUID) -> Response:
        """A token for another organisation; show it there to ``organisations/enter/``."""
        way = switching.hand_over(actor_of(request), request._request, pk)
        return Response(HandOverSerializer(way).data, headers={"Cache-Control": "no-store"})


class EnterViewSet(ViewSet):
    """Coming in with a hand-over."""

    access = {"create": "tenants.enter_organisation"}
    authentication_classes = ()
    throttle_classes = (AuthenticationThrottle, RequestThrottle)

    @extend_schema(request=TokenSerializer, responses={200: TokensSerializer})
    def create(self, request: Request) -> Response:
        """Exchange a hand-over for tokens of this organisation. It is spent whatever the answer is."""
        body = TokenSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        http = request._request
        user = switching.take(http, body.validated_data["token"])
        pair = open_api_session(
            user=user, client=client_of(http), tenant=host_tenant(http), proof=Proof.HANDED_OVER
        )
        tokens = TokensSerializer({"access": pair.access, "refresh": pair.refresh}).data
        return Response(tokens, headers={"Cache-Control": "no-store"})
