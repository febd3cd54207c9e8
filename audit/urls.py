"""Addresses under /api/v1/ of both hosts."""

from rest_framework.routers import SimpleRouter

from .api import EventViewSet

router = SimpleRouter(use_regex_path=False)
router.register("audit/events", EventViewSet, basename="audit-event")
urlpatterns = router.urls
