"""``tenants/``: organisations on the platform (S4-59..63), sign-up, and ``tenants/me/`` on both hosts."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import GenericViewSet
from shared_apps.core.errors import DomainError
from shared_apps.core.throttling import AuthenticationThrottle, SlugCheckThrottle
from shared_apps.users.authentication import FRESH

from . import hosts, queries, services
from .models import Tenant
from .permissions import IsSuperAdminOrAdmin, IsTenantOwnerOrAdmin
from .serializers import (
    ReasonSerializer,
    SignedUpSerializer,
    SignUpSerializer,
    SlugCheckSerializer,
    TenantSerializer,
    TenantStateSerializer,
)


class TenantViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet):
    """Organisations. Staff see and change all of them, an owner the home tenant, a subscriber none."""

    access = {
        "list": "tenants.browse_tenants",
        "retrieve": "tenants.browse_tenants",
        "create": "tenants.create_tenant",
        "update": "tenants.change_tenant",
        "partial_update": "tenants.change_tenant",
        "suspend": "tenants.suspend_tenant",
        "reactivate": "tenants.reactivate_tenant",
        "me": "tenants.view_own_tenant",
        "sign_up": "tenants.sign_up",
        "slug_check": "tenants.check_slug",
    }
    authentication_classes = FRESH
    queryset = Tenant.objects.none()
    serializer_class = TenantSerializer
    filterset_fields = ("is_active", "slug")
    ordering_fields = ("name", "slug", "created_at")
    ordering = ("name", "id")
    lookup_value_regex = r"\d{1,18}"

    def get_queryset(self) -> QuerySet[Tenant]:
        return queries.visible_tenants(actor_of(self.request))

    def get_permissions(self) -> list[Any]:
        if self.action in ("create", "suspend", "reactivate"):
            return [IsSuperAdminOrAdmin()]
        if self.action in ("update", "partial_update"):
            return [IsTenantOwnerOrAdmin()]
        return list(super().get_permissions())

    def get_throttles(self) -> list[BaseThrottle]:
        if self.action == "slug_check":
            return [SlugCheckThrottle()]
        if self.action == "sign_up":
            return [AuthenticationThrottle(), *super().get_throttles()]
        return super().get_throttles()

    def create(self, request: Request) -> Response:
        """Create an organisation with its schema and subdomain; it waits for an owner (C39)."""
        body = self.get_serializer(data=request.data)
        body.is_valid(raise_exception=True)
        values: dict[str, Any] = dict(body.validated_data)
        values.pop("is_active", None)  # a new organisation is active
        tenant = services.create_tenant(**values)
        return Response(self._shown(tenant.pk), status=status.HTTP_201_CREATED)

    def update(self, request: Request, pk: str, *, partial: bool = False) -> Response:
        """Change an organisation; its subdomain and activation are the staff's to change."""
        body = self.get_serializer(self.get_object(), data=request.data, partial=partial)
        body.is_valid(raise_exception=True)
        services.change_tenant(actor=actor_of(request), tenant_id=int(pk), changes=dict(body.validated_data))
        return Response(self._shown(int(pk)))

    def partial_update(self, request: Request, pk: str) -> Response:
        """Change some fields of an organisation."""
        return self.update(request, pk, partial=True)

    @extend_schema(request=ReasonSerializer, responses=TenantStateSerializer)
    @action(detail=True, methods=["post"], filterset_fields=None)
    def suspend(self, request: Request, pk: str) -> Response:
        """Close an organisation's doors; its data stays."""
        return self._move(request, pk, services.suspend_tenant)

    @extend_schema(request=ReasonSerializer, responses=TenantStateSerializer)
    @action(detail=True, methods=["post"], filterset_fields=None)
    def reactivate(self, request: Request, pk: str) -> Response:
        """Open a suspended organisation's doors again."""
        return self._move(request, pk, services.reactivate_tenant)

    @extend_schema(responses=TenantSerializer)
    @action(detail=False, filterset_fields=None)
    def me(self, request: Request) -> Response:
        """One's own organisation: that of the host, or on the platform's host the home tenant."""
        return Response(self.get_serializer(queries.own_tenant(actor_of(request))).data)

    @extend_schema(request=SignUpSerializer, responses={201: SignedUpSerializer})
    @action(detail=False, methods=["post"], url_path="sign-up", filterset_fields=None)
    def sign_up(self, request: Request) -> Response:
        """Found an organisation, with its first owner."""
        actor = actor_of(request)
        body = SignUpSerializer(data=request.data)
        if not actor.is_authenticated:
            body.fields["email"].required = body.fields["password"].required = True
        body.is_valid(raise_exception=True)
        founder: dict[str, Any] = dict(body.validated_data)
        name, slug = founder.pop("name"), founder.pop("slug")
        tenant = services.sign_up(
            actor=actor, name=name, slug=slug, founder=None if actor.is_authenticated else founder
        )
        host = hosts.subdomain(tenant.slug)
        port = request.get_host().partition(":")[2]
        answer = {
            "tenant": {**TenantSerializer(tenant).data, "user_count": 1},
            "host": host,
            "address": f"{request.scheme}://{host}{':' if port else ''}{port}/",
        }
        return Response(answer, status=status.HTTP_201_CREATED)

    @extend_schema(
        parameters=[OpenApiParameter("slug", OpenApiTypes.STR, required=True)],
        responses=SlugCheckSerializer,
        filters=False,
    )
    @action(detail=False, url_path="slug-check", filterset_fields=None)
    def slug_check(self, request: Request) -> Response:
        """Whether a subdomain is free; the sign-up page asks while one types."""
        slug = request.query_params.get("slug", "")
        error: DomainError | None = services.slug_error(slug)
        answer = {
            "slug": slug,
            "available": error is None,
            "host": "" if error else hosts.subdomain(slug),
            "code": error.code if error else "",
            "message": error.message if error else "",
        }
        return Response(answer)

    def _shown(self, tenant_id: int) -> Any:
        return self.get_serializer(self.get_queryset().get(pk=tenant_id)).data

    def _move(self, request: Request, pk: str, move: Any) -> Response:
        self.get_object()
        body = ReasonSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        tenant = move(tenant_id=int(pk), reason=body.validated_data["reason"])
        return Response(TenantStateSerializer(tenant).data)
