"""Host to tenant: opens the context that everything else in the request follows."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from shared_apps.core.api.errors import error_response
from shared_apps.core.context import (
    AUDIT,
    AuditContext,
    clean_address,
    host_context,
    platform_context,
)

from . import hosts

#: Pages of a suspended tenant's host that still answer: nothing of its data, only the way out.
_ALWAYS_OPEN = ("/static/",)


class TenantMiddleware:
    """Sets ``request.tenant``, enters the tenant's schema and role, refuses unknown and suspended hosts."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        # Views are imported now and on the platform: a queryset that a class body builds (a filter's choices)
        # would otherwise belong to the tenant of the first request.
        with platform_context():
            for urlconf in (settings.ROOT_URLCONF, settings.PLATFORM_URLCONF):
                import_module(urlconf)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        header = "HTTP_X_FORWARDED_HOST" if settings.USE_X_FORWARDED_HOST else "HTTP_HOST"
        raw = request.META.get(header) or request.META.get("HTTP_HOST", "")
        host = hosts.normalise_host(raw)
        tenant = hosts.resolve(host) if host else None
        if tenant is None or host is None:
            return error_response(
                request, status=404, code="host.unknown", message=_("No organisation lives at this address.")
            )
        # Links in mails are made of it: where the port is known (production has the usual one), whatever port
        # a caller adds to the name is dropped.
        shown = raw.lower().rstrip(".") if settings.HOST_KEEPS_PORT else host
        request.META["HTTP_HOST"] = request.META[header] = shown
        request.tenant = tenant  # type: ignore[attr-defined]
        request.current_tenant = tenant  # type: ignore[attr-defined]
        request.urlconf = (
            settings.PLATFORM_URLCONF if tenant.schema_name == "public" else settings.ROOT_URLCONF
        )
        context = AuditContext(
            request_id=request.request_id,  # type: ignore[attr-defined]  # core's RequestMiddleware set it
            remote_addr=clean_address(request.META.get("REMOTE_ADDR")),
        )
        token = AUDIT.set(context)
        try:
            with host_context(tenant):
                if not tenant.is_active and not request.path.startswith(_ALWAYS_OPEN):
                    return error_response(
                        request,
                        status=503,
                        code="tenant.suspended",
                        message=_(
                            "This organisation is suspended. Its owner can reactivate it on the platform."
                        ),
                    )
                return self.get_response(request)
        finally:
            AUDIT.reset(token)
