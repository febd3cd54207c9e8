"""Addresses of market data, under /api/v1/ on the platform's host."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import CandleView, FeedView, ImportView, StaffInstrumentViewSet

router = SimpleRouter(use_regex_path=False)
router.register("market-data/instruments", StaffInstrumentViewSet, basename="staff-instrument")
urlpatterns = [
    path("market-data/imports/", ImportView.as_view(), name="candle-import"),
    path("market-data/candles/", CandleView.as_view(), name="staff-candle-list"),
    path("market-data/instruments/<str:symbol>/feed/", FeedView.as_view(), name="instrument-feed"),
    *router.urls,
]
