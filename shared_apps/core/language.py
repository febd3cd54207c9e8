"""The language of a request: Django's own choice, kept by what it depends on."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.locale import LocaleMiddleware as DjangoLocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header


class LocaleMiddleware(DjangoLocaleMiddleware):
    """Django's for sites without a language in their addresses: it parses no header twice."""

    def process_request(self, request: HttpRequest) -> None:
        """Activate the cookie's language, else the best of the header's, else the site's."""
        wanted = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME), accepted(request)
        language = _language_of(*wanted) if all(len(part or "") < 200 for part in wanted) else None
        translation.activate(language or translation.get_language_from_request(request))
        request.LANGUAGE_CODE = translation.get_language()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say which language the answer has, and that another header may bring another one."""
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response


def accepted(request: HttpRequest) -> str:
    """The header with the languages that a browser accepts."""
    return str(request.META.get("HTTP_ACCEPT_LANGUAGE", ""))


@lru_cache(maxsize=1024)
def _language_of(cookie: str | None, header: str) -> str:
    request = HttpRequest()
    request.META["HTTP_ACCEPT_LANGUAGE"] = header
    if cookie is not None:
        request.COOKIES[settings.LANGUAGE_COOKIE_NAME] = cookie
    return translation.get_language_from_request(request)


def asks_for_ours(request: HttpRequest) -> bool:
    """Whether cookie or header names a language that we have; ``*`` is nobody's wish."""
    if settings.LANGUAGE_COOKIE_NAME in request.COOKIES:
        return True
    return _names_ours(accepted(request))


@lru_cache(maxsize=1024)
def _names_ours(header: str) -> bool:
    for wanted, _weight in parse_accept_lang_header(header):
        if wanted == "*":
            return False
        try:
            translation.get_supported_language_variant(wanted)
        except LookupError:
            continue
        return True
    return False
