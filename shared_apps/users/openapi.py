"""How the schema describes our authenticators."""

from __future__ import annotations

from typing import Any

from drf_spectacular.contrib import rest_auth
from drf_spectacular.drainage import set_override
from drf_spectacular.extensions import OpenApiAuthenticationExtension

from .authentication import FRESH

# Our registration is not dj-rest-auth's, and looking for that one would import allauth's models.
rest_auth.RestAuthRegisterView.target_class = None  # type: ignore[assignment]
rest_auth.RestAuthVerifyEmailView.target_class = None  # type: ignore[assignment]
rest_auth.RestAuthResendEmailVerificationView.target_class = None  # type: ignore[assignment]

for _authenticator in FRESH:  # the same scheme for a caller: only when we look at the database differs
    set_override(_authenticator, "suppress_collision_warning", True)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """``Authorization: Bearer`` with an access token of this host."""

    target_class = "shared_apps.users.authentication.TenantJWTAuthentication"
    match_subclasses = True
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class BrowserScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The session cookie of a page; unsafe methods need ``X-CSRFToken`` too."""

    target_class = "shared_apps.users.authentication.TenantSessionAuthentication"
    match_subclasses = True
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        from django.conf import settings

        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}
