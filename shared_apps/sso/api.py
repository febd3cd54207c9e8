"""``/api/v1/identity-provider/``: the organisation's own log-in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.core.errors import NotFoundError
from shared_apps.users.api import IdentityView
from shared_apps.users.authentication import FRESH
from shared_apps.users.hosts import HostTenant

from . import queries, services
from .models import IdentityProvider


class ProviderSerializer(serializers.ModelSerializer[IdentityProvider]):
    """The provider; its secret goes in and never comes out."""

    client_secret = serializers.CharField(write_only=True, required=False, allow_blank=True, max_length=512)
    verified_domains = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta:
        model = IdentityProvider
        fields = ("name", "issuer", "client_id", "client_secret", "is_active", "verified_domains")


class ProviderView(IdentityView):
    """The identity provider of the organisation, at most one."""

    access = {"get": "sso.view_provider", "put": "sso.manage_provider", "delete": "sso.manage_provider"}
    authentication_classes = FRESH
    serializer_class = ProviderSerializer

    def _here(self) -> HostTenant:
        if self.tenant is None:
            raise NotFoundError("sso.no_provider", _("There is no identity provider here."))
        return self.tenant

    def _answer(self, provider: IdentityProvider | None) -> Response:
        if provider is None:
            raise NotFoundError("sso.no_provider", _("There is no identity provider here."))
        provider.verified_domains = queries.verified_domains(self._here())  # type: ignore[attr-defined]
        return Response(ProviderSerializer(provider).data)

    def get(self, request: Request) -> Response:
        return self._answer(queries.provider_of(self._here()))

    @extend_schema(responses=ProviderSerializer)
    def put(self, request: Request) -> Response:
        """Name it, or change it; needs a proof not older than five minutes."""
        data: dict[str, Any] = {"client_secret": "", "is_active": True, **self.valid_data()}
        provider = services.configure_provider(actor=self.actor, tenant=self._here(), **data)
        return self._answer(provider)

    @extend_schema(responses={204: None})
    def delete(self, request: Request) -> Response:
        """Forget it."""
        services.remove_provider(actor=self.actor, tenant=self._here())
        return Response(status=204)
