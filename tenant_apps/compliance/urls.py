"""Addresses under /api/v1/ of a tenant's host."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import CaseViewSet, OwnIdentityView, WithdrawView

router = SimpleRouter(use_regex_path=False)
router.register("identity/cases", CaseViewSet, basename="identity-case")
urlpatterns = [
    path("identity/", OwnIdentityView.as_view(), name="identity-own"),
    path("identity/withdraw/", WithdrawView.as_view(), name="identity-withdraw"),
    *router.urls,
]
