"""The organisation's language and time zone, where neither browser nor person asks for others."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from shared_apps.core.branding import brand_of
from shared_apps.core.context import host_schema
from shared_apps.core.language import asks_for_ours


class RegionMiddleware:
    """Stands after LocaleMiddleware, before the one that knows the person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        brand = brand_of(host_schema())
        if brand.language and not asks_for_ours(request):
            translation.activate(brand.language)
            request.LANGUAGE_CODE = translation.get_language()
        if brand.time_zone and not request.path.startswith("/api/"):  # the API speaks UTC
            timezone.activate(brand.time_zone)
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
