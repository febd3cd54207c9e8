"""Addresses of to-dos, under /api/v1/ on a tenant's host."""

from rest_framework.routers import SimpleRouter

from .api import TodoViewSet

router = SimpleRouter(use_regex_path=False)
router.register("todos", TodoViewSet, basename="todo")
urlpatterns = router.urls
