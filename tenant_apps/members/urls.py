"""Addresses under /api/v1/ of a tenant's host."""

from rest_framework.routers import SimpleRouter

from .api import MemberViewSet, RoleViewSet

router = SimpleRouter(use_regex_path=False)
router.register("members", MemberViewSet, basename="member")
router.register("roles", RoleViewSet, basename="role")
urlpatterns = router.urls
