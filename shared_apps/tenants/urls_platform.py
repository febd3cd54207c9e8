"""Addresses under /api/v1/ of the platform's host."""

from rest_framework.routers import SimpleRouter

from .api import TenantViewSet
from .urls_organisations import router as organisations

router = SimpleRouter()
router.register("tenants", TenantViewSet, basename="tenant")
urlpatterns = [*router.urls, *organisations.urls]
