"""``brand/``: what a client of somebody else's making needs to look like the organisation."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.access.drf import actor_of
from shared_apps.core.api.views import APIView
from shared_apps.core.branding import brand_of
from shared_apps.core.context import host_schema
from shared_apps.users.authentication import FRESH

from . import services
from .options import ACCENT, ACCENT_DARK


class BrandSerializer(serializers.Serializer[Any]):
    """Name, colours and region; empty texts stand for the platform's own."""

    name = serializers.CharField()
    logo = serializers.CharField(help_text="Path on this host.")
    accent = serializers.CharField()
    accent_dark = serializers.CharField()
    language = serializers.CharField()
    time_zone = serializers.CharField()
    currency = serializers.CharField()


class LogoSerializer(serializers.Serializer[Any]):
    """The picture, as multipart form data."""

    logo = serializers.FileField()


class BrandView(APIView):
    """The organisation's brand."""

    access = {"get": "core.view_page"}

    @extend_schema(operation_id="brand_retrieve", responses=BrandSerializer)
    def get(self, request: Request) -> Response:
        """Open to everybody, as the log-in page is. Values are changed under ``settings/configuration.…``."""
        schema = host_schema()
        brand = brand_of(schema)
        answer = {
            "name": request._request.tenant.name,  # type: ignore[attr-defined]
            "logo": brand.logo,
            "accent": ACCENT.value_for(schema),
            "accent_dark": ACCENT_DARK.value_for(schema),
            "language": brand.language,
            "time_zone": brand.time_zone,
            "currency": brand.currency,
        }
        return Response(BrandSerializer(answer).data)


class LogoView(APIView):
    """The organisation's logo."""

    access = {"put": "configuration.change_setting", "delete": "configuration.change_setting"}
    authentication_classes = FRESH
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="brand_logo_update",
        request={"multipart/form-data": LogoSerializer},
        responses=BrandSerializer,
    )
    def put(self, request: Request) -> Response:
        """Upload a picture; it is drawn anew as a small PNG."""
        body = LogoSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        services.change_logo(actor=actor_of(request), logo=body.validated_data["logo"])
        return BrandView().get(request)

    @extend_schema(operation_id="brand_logo_destroy", responses={204: None})
    def delete(self, request: Request) -> Response:
        """Take the logo away."""
        services.change_logo(actor=actor_of(request), logo=None)
        return Response(status=204)
