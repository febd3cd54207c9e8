"""Addresses of bots, under /api/v1/ on a tenant's host."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .api.views import BotEventViewSet, BotStatisticsView, BotViewSet, DecisionViewSet, StrategyView

router = SimpleRouter(use_regex_path=False)
router.register("bots", BotViewSet, basename="bot")
urlpatterns = [
    path("bots/strategies/", StrategyView.as_view(), name="strategy-list"),
    path("bots/statistics/", BotStatisticsView.as_view(), name="bot-statistics"),
    path("bots/<uuid:bot_id>/decisions/", DecisionViewSet.as_view({"get": "list"}), name="decision-list"),
    path("bots/<uuid:bot_id>/events/", BotEventViewSet.as_view({"get": "list"}), name="bot-event-list"),
    *router.urls,
]
