"""Addresses under /api/v1/ of a tenant's host: only one's own organisation."""

from django.urls import path

from .api import TenantViewSet

urlpatterns = [path("tenants/me/", TenantViewSet.as_view({"get": "me"}), name="tenant-me")]
