"""Addresses of market data, under /api/v1/ on a tenant's host."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import CandleView, InstrumentViewSet

router = SimpleRouter(use_regex_path=False)
router.register("trading/instruments", InstrumentViewSet, basename="instrument")
urlpatterns = [
    path("trading/candles/", CandleView.as_view(), name="candle-list"),
    *router.urls,
]
