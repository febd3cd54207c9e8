"""The organisation's language and time zone, where neither browser nor person asks for others."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation.trans_real import parse_accept_lang_header

from shared_apps.core.branding import brand_of
from shared_apps.core.context import host_schema


class RegionMiddleware:
    """Stands after LocaleMiddleware, before the one that knows the person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        brand = brand_of(host_schema())
        if brand.language and not _asks_for_ours(request):
            translation.activate(brand.language)
            request.LANGUAGE_CODE = translation.get_language()
        if brand.time_zone and not request.path.startswith("/api/"):  # the API speaks UTC
            timezone.activate(brand.time_zone)
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


def _asks_for_ours(request: HttpRequest) -> bool:
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return True
    for wanted, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if wanted == "*":
            return False
        try:
            translation.get_supported_language_variant(wanted)
        except LookupError:
            continue
        return True
    return False
