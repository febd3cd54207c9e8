"""``/api/v1/users/`` on the platform's host."""

from rest_framework.routers import SimpleRouter

from .api_platform import UserViewSet

router = SimpleRouter()
router.register("users", UserViewSet, basename="user")
urlpatterns = router.urls
