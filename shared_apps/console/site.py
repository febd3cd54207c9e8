"""The admin site: opened by the matrix, entered by our own log-in page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from shared_apps.access.admin import MatrixAdminMixin, MatrixSiteMixin
from shared_apps.access.pages import actor_of


class PlatformAdminSite(MatrixSiteMixin, UnfoldAdminSite):
    """Unfold's site with the matrix at its door; `is_staff` does not count."""

    access = {"view": "console.view_admin"}
    site_title = _("Tradehall console")
    site_header = _("Tradehall console")
    index_title = _("Console")
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Third-party packages register admins that know no row of the matrix; those stay out."""
        if admin_class is not None and issubclass(admin_class, MatrixAdminMixin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Every address says whose it is, also the two that Django and unfold leave bare: the matrix asks."""
        patterns: list[URLPattern | URLResolver] = super().get_urls()
        for pattern in patterns:
            if isinstance(pattern, URLPattern) and not hasattr(pattern.callback, "admin_site"):
                pattern.callback = self._ours(pattern.callback)
        return patterns

    def _ours(self, view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def ours(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return view(request, *args, **kwargs)

        ours.admin_site = self  # type: ignore[attr-defined]
        return ours

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one log-in page, with one set of throttles and sessions: the platform's."""
        if actor_of(request).is_authenticated:
            if not self.has_permission(request):
                raise PermissionDenied
            return redirect("admin:index")
        target = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        return redirect(f"{settings.LOGIN_URL}?{urlencode({'next': target})}")

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The same door out: a form on our own page ends the session's row too."""
        return redirect(settings.LOGIN_URL)
