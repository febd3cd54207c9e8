"""Addresses of trading, under /api/v1/ on a tenant's host."""

from rest_framework.routers import SimpleRouter

from .api.views import ExecutionViewSet, OrderViewSet, PositionViewSet

router = SimpleRouter(use_regex_path=False)
router.register("trading/orders", OrderViewSet, basename="order")
router.register("trading/executions", ExecutionViewSet, basename="execution")
router.register("trading/positions", PositionViewSet, basename="position")
urlpatterns = router.urls
