"""``/api/v1/auth/api-tokens/``: one's own tokens for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.scopes import grantable_areas

from . import queries
from .api import IdentityView
from .hosts import client_of
from .models import ApiToken
from .services import api_tokens

_DAYS = api_tokens.MAX_LIFETIME.days


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A token without its secret."""

    tenant_name = serializers.CharField(source="tenant.name", read_only=True, default=None, allow_null=True)
    scopes = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            "id", "name", "prefix", "tenant_name", "scopes", "created_at", "expires_at", "last_used_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = fields


class NewApiTokenSerializer(ApiTokenSerializer):
    """The same, once, with the token itself."""

    token = serializers.CharField(read_only=True, help_text="Shown now and never again.")

    class Meta(ApiTokenSerializer.Meta):
        fields = (*ApiTokenSerializer.Meta.fields, "token")
        read_only_fields = fields


class CreateApiTokenSerializer(serializers.Serializer[Any]):
    """What a token is for, what it reaches, how long it lives."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.CharField(max_length=60),
        allow_empty=False,
        max_length=100,
        help_text="`area:read` or `area:write` (which includes reading); `api-tokens/scopes/` lists yours.",
    )
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=_DAYS, default=api_tokens.DEFAULT_LIFETIME.days
    )


class ScopeSerializer(serializers.Serializer[Any]):
    """An area and what may be given of it."""

    area = serializers.CharField(source="name")
    label = serializers.CharField()  # type: ignore[assignment]
    scopes = serializers.ListField(child=serializers.CharField())


class ApiTokenListView(ListModelMixin, IdentityView):
    """One's tokens for programs: on a tenant's host those that hold there, on the platform's host all."""

    access = {"get": "users.view_api_token", "post": "users.manage_api_token"}
    serializer_class = ApiTokenSerializer
    filter_backends = ()

    def get_queryset(self) -> Any:
        return queries.own_api_tokens(self.actor, self.tenant).select_related("tenant")

    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(request=CreateApiTokenSerializer, responses={201: NewApiTokenSerializer})
    def post(self, request: Request) -> Response:
        """Make one. It is shown in this answer and never again."""
        form = CreateApiTokenSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        made = api_tokens.create_api_token(
            actor=self.actor,
            tenant=self.tenant,
            name=form.validated_data["name"],
            scopes=form.validated_data["scopes"],
            lifetime=timedelta(days=form.validated_data["expires_in_days"]),
            client=client_of(request._request),
        )
        body = {**ApiTokenSerializer(made.row).data, "token": made.raw}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})


class ApiTokenView(IdentityView):
    """One token of one's own."""

    access = {"delete": "users.manage_api_token"}
    serializer_class = ApiTokenSerializer

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: UUID) -> Response:
        """Revoke it; it opens nothing any more at once."""
        api_tokens.revoke_api_token(actor=self.actor, token_id=token_id, tenant=self.tenant)
        return Response(status=204)


class ScopesView(IdentityView):
    """The scopes that one may give to a token here and now."""

    queryset = ApiToken.objects.none()
    filter_backends = ()
    pagination_class = None

    access = {"get": "users.view_api_token"}
    serializer_class = ScopeSerializer

    @extend_schema(responses=ScopeSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(ScopeSerializer(grantable_areas(self.actor), many=True).data)
