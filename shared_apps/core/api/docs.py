"""The kernel's own addresses: ``/api/schema/``, ``/swagger/`` and the platform's ``/health/detailed/``."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shared_apps.core import health


class SchemaView(SpectacularAPIView):
    """The description of the host that was called; made once per process, host and language."""

    access = {"get": "core.view_schema"}
    _made: dict[tuple[str | None, str], Any] = {}

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        urlconf = request._request.urlconf
        key = (urlconf, get_language())
        if key not in self._made:
            generator: Any = self.generator_class(urlconf=urlconf)
            self._made[key] = generator.get_schema(request=None, public=True)
        return Response(self._made[key])


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    """Swagger UI, from files of this host only; works under the strict policy of every page."""
    return render(request, "api/swagger.html")


swagger.access = {"get": "core.view_schema"}  # type: ignore[attr-defined]


class HealthDetailsView(APIView):
    """The state of each part, for platform staff; operators come with their token and never get here."""

    access = {"get": "core.view_health_details"}

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(health.details())
