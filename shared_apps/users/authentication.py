"""The API's authenticators. The middleware has judged the credential; these report its verdict to DRF."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from shared_apps.access.actors import Actor
from shared_apps.core.context import bind_actor, host_schema

from . import principals
from .hosts import host_tenant
from .principals import NotAuthentic, Principal

_REASONS = {
    "malformed_header": _("The Authorization header must be “Bearer” and one token."),
    "token_not_valid": _("The token is not valid here or has expired."),
    "api_token_not_valid": _("This API token is not valid here: unknown, expired or revoked."),
    "session_ended": _("This session has ended. Log in again."),
}


def bearer_token(request: HttpRequest) -> str | None:
    """The token of an ``Authorization: Bearer`` header, None without; NotAuthentic if malformed."""
    header: str | None = request.META.get("HTTP_AUTHORIZATION")
    if header is None:
        return None
    scheme, _space, token = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = token.strip()
    if not token or " " in token or not token.isascii():
        raise NotAuthentic("malformed_header")
    return token


def set_principal(request: HttpRequest, principal: Principal | None) -> None:
    """Make a person, or nobody, the one who acts for the rest of the request."""
    user: Any = AnonymousUser() if principal is None else principal.user
    actor = Actor.anonymous(host_schema()) if principal is None else principal.actor
    request.user = user
    request.auser = partial(_user_of, request)
    request.actor = actor  # type: ignore[attr-defined]
    if principal is not None:
        bind_actor(actor_id=actor.user_id, actor_email=actor.email)


async def _user_of(request: HttpRequest) -> Any:
    return request.user


def refused(error: NotAuthentic) -> AuthenticationFailed:
    """The 401 for a credential that does not hold."""
    return AuthenticationFailed(_REASONS[error.code], code=error.code)


class TenantJWTAuthentication(BaseAuthentication):
    """``Authorization: Bearer <access token>`` of this host's tenant (S3-27; attack table, rows 1 and 2)."""

    #: Ask the database on unsafe methods instead of trusting what was seen up to 30 seconds ago.
    fresh = False

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        http = request._request
        error: NotAuthentic | None = http.identity_error  # type: ignore[attr-defined]
        try:
            token = bearer_token(http)
            if token is None:
                return None
            if error is not None:
                raise error
            if self.fresh and request.method not in SAFE_METHODS:
                set_principal(http, principals.from_token(token, host_tenant(http), fresh=True))
        except NotAuthentic as shown:
            raise refused(shown) from shown
        return http.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TenantSessionAuthentication(SessionAuthentication):
    """The browser session of a page that calls the API; unsafe methods need the CSRF token."""

    fresh = False

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        http = request._request
        if http.actor.method != "session" or not http.user.is_authenticated:  # type: ignore[attr-defined]
            return None
        self.enforce_csrf(request)
        if self.fresh and request.method not in SAFE_METHODS:
            try:
                principal = principals.from_browser(http, host_tenant(http), fresh=True)
            except NotAuthentic as shown:
                raise refused(shown) from shown
            if principal is None:
                return None
            set_principal(http, principal)
        return http.user, None


class FreshJWTAuthentication(TenantJWTAuthentication):
    """For money, orders and roles: user, session and membership are read from the database."""

    fresh = True


class FreshSessionAuthentication(TenantSessionAuthentication):
    """The same for a browser session."""

    fresh = True


#: ``authentication_classes`` of views that move money, place orders or change roles.
FRESH = (FreshJWTAuthentication, FreshSessionAuthentication)
