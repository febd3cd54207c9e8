"""Routes of a tenant's host."""

from django.urls import URLPattern, URLResolver, include, path

from billing.subscriptions.urls_pages import tenant_urlpatterns as subscription_urlpatterns
from shared_apps.tenants.urls_organisations import tenant_page_urlpatterns
from shared_apps.users.urls_pages import tenant_urlpatterns

from .urls_common import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

# One prefix is tried once, and the busiest addresses first: resolving was a tenth of a list's cost.
_API: list[URLPattern | URLResolver] = [
    path("", include("tenant_apps.trading.urls")),
    path("", include("shared_apps.market_data.urls")),
    path("", include("tenant_apps.trading_accounts.urls")),
    path("", include("tenant_apps.bots.urls")),
    path("auth/", include("shared_apps.users.urls")),
    path("auth/mfa/", include("shared_apps.factors.urls")),
    path("", include("shared_apps.sso.urls")),
    path("", include("shared_apps.users.urls_devices")),
    path("", include("shared_apps.tenants.urls")),
    path("", include("tenant_apps.members.urls")),
    path("", include("tenant_apps.wallet.urls")),
    path("", include("tenant_apps.todos.urls")),
    path("", include("tenant_apps.compliance.urls")),
    path("", include("billing.invoices.urls")),
    path("", include("billing.payments.urls")),
    path("", include("billing.subscriptions.urls")),
    path("", include("shared_apps.configuration.urls")),
    path("", include("audit.urls")),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(_API)),
    path("", include("config.urls_common")),
    path("", include("tenant_apps.members.urls_pages")),
    path("", include("tenant_apps.trading_accounts.urls_pages")),
    path("", include("tenant_apps.trading.urls_pages")),
    path("", include("tenant_apps.bots.urls_pages")),
    path("", include("tenant_apps.wallet.urls_pages")),
    path("", include("tenant_apps.todos.urls_pages")),
    path("", include("tenant_apps.compliance.urls_pages")),
    path("", include("billing.invoices.urls_pages")),
    path("", include("billing.reports.urls_pages")),
    path("", include(tenant_urlpatterns)),
    path("", include(tenant_page_urlpatterns)),
    path("", include("billing.payments.urls_pages")),
    path("", include(subscription_urlpatterns)),
    path("", include("shared_apps.configuration.urls_pages")),
    path("", include("shared_apps.factors.urls_pages")),
    path("", include("shared_apps.sso.urls_pages")),
    path("", include("audit.urls_pages")),
    path("", include("shared_apps.ui.urls")),
    path("", include("shared_apps.access.urls")),
]
