"""Routes of the platform's host."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from shared_apps.core.api.docs import HealthDetailsView

from .urls_common import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("config.urls_common")),
    path("health/detailed/", HealthDetailsView.as_view(), name="health-details"),
    path("", include("shared_apps.tenants.urls_pages")),
    path("", include("shared_apps.users.urls_pages")),
    path("", include("shared_apps.factors.urls_pages")),
    path("", include("audit.urls_pages")),
    path("", include("billing.invoices.urls_pages")),
    path("", include("billing.payments.urls_pages")),
    path("", include("billing.subscriptions.urls_pages")),
    path("", include("billing.reports.urls_pages")),
    path("", include("shared_apps.ui.urls")),
    path("admin/", admin.site.urls),
    path("", include("shared_apps.access.urls")),
    path("api/v1/auth/", include("shared_apps.users.urls")),
    path("api/v1/auth/mfa/", include("shared_apps.factors.urls")),
    path("api/v1/", include("shared_apps.factors.urls_platform")),
    path("api/v1/", include("shared_apps.users.urls_platform")),
    path("api/v1/", include("shared_apps.users.urls_devices")),
    path("api/v1/", include("audit.urls")),
    path("api/v1/", include("billing.invoices.urls")),
    path("api/v1/", include("billing.subscriptions.urls")),
    path("api/v1/", include("shared_apps.tenants.urls_platform")),
    path("api/v1/", include("shared_apps.market_data.urls_platform")),
    path("api/v1/", include("billing.payments.urls_platform")),
    path("api/v1/", include("billing.payments.urls")),
]
