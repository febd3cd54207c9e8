"""Addresses of trading accounts, under /api/v1/ on a tenant's host."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import AccountViewSet, PlatformView

router = SimpleRouter(use_regex_path=False)
router.register("trading/accounts", AccountViewSet, basename="trading-account")
urlpatterns = [path("trading/platforms/", PlatformView.as_view(), name="trading-platform-list"), *router.urls]
