"""Routes of both hosts, and the handlers of their errors."""

from django.urls import URLPattern, URLResolver, path

from shared_apps.core.api.docs import SchemaView, swagger

handler400 = "shared_apps.core.api.errors.bad_request"
handler403 = "shared_apps.core.api.errors.permission_denied"
handler404 = "shared_apps.core.api.errors.page_not_found"
handler500 = "shared_apps.core.api.errors.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("swagger/", swagger, name="swagger"),
]
