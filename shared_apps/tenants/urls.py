"""Addresses under /api/v1/ of a tenant's host: only one's own organisation."""

from django.urls import path

from .api import TenantViewSet
from .api_organisations import EnterViewSet
from .urls_organisations import router

urlpatterns = [
    path("organisations/enter/", EnterViewSet.as_view({"post": "create"}), name="organisation-enter"),
    *router.urls,
    path("tenants/me/", TenantViewSet.as_view({"get": "me"}), name="tenant-me"),
]
