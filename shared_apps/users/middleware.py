"""Who asks: set once for every request, before anything reads or writes for them.

And what pages alone need: a request of the API that bears a token has no browser session, no form and no
message, whatever cookies come with it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import django_htmx.middleware as htmx
import redis
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from shared_apps.core.api.errors import error_response

from . import principals
from .authentication import bearer_token, set_principal
from .hosts import host_tenant
from .principals import NotAuthentic, Principal


def bears_token(request: HttpRequest) -> bool:
    """Whether the API is asked with an ``Authorization: Bearer`` header, well formed or not."""
    header: str = request.META.get("HTTP_AUTHORIZATION", "")
    return header[:7].lower() == "bearer " and request.path_info.startswith("/api/")


class _PagesOnly:
    """Leaves out a middleware where a token is borne."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request) if bears_token(request) else super().__call__(request)  # type: ignore[misc]


class SessionMiddleware(_PagesOnly, sessions.SessionMiddleware):
    """Browser sessions."""


class MessageMiddleware(_PagesOnly, messages.MessageMiddleware):
    """Messages that the next page shows."""


class HtmxMiddleware(_PagesOnly, htmx.HtmxMiddleware):
    """``request.htmx``."""


class ActorMiddleware(AuthenticationMiddleware):
    """Sets ``request.user``, ``request.actor`` (anonymous too) and binds the audit's actor.

    Both credentials are judged here, so that pages, API and streams agree: a Bearer token wins over a browser
    session and never falls back to it. A credential that does not hold leaves the request anonymous and
    ``request.identity_error`` set, which the API answers with 401. Stands where Django's own
    AuthenticationMiddleware would.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        error: NotAuthentic | None = None
        principal: Principal | None = None
        tenant = host_tenant(request)
        try:
            token = bearer_token(request)
            if token is not None:
                principal = principals.from_token(token, tenant)
            elif settings.SESSION_COOKIE_NAME in request.COOKIES:
                principal = principals.from_browser(request, tenant)
        except NotAuthentic as refused:
            error = refused
            if "HTTP_AUTHORIZATION" not in request.META:
                request.session.flush()
        except (redis.ConnectionError, redis.TimeoutError):
            return error_response(request, status=503)  # nobody can say whose browser this is
        request.identity_error = error  # type: ignore[attr-defined]
        set_principal(request, principal)
        _use_preferences(request, principal)
        return None


@lru_cache(maxsize=1)
def _languages() -> frozenset[str]:
    return frozenset(code for code, _name in settings.LANGUAGES)


def _use_preferences(request: HttpRequest, principal: Principal | None) -> None:
    """A person's own language and, on pages, time zone; the API always speaks UTC.

    The middleware around this one forgets both after the request.
    """
    if principal is None:
        return
    if principal.user.language in _languages():
        translation.activate(principal.user.language)
        request.LANGUAGE_CODE = translation.get_language()
    if principal.user.time_zone and not request.path_info.startswith("/api/"):
        timezone.activate(principal.user.time_zone)
