"""Addresses under /api/v1/ of the platform's host alone."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import DeliveryViewSet, FigureView
from .api_webhooks import WebhookView

_WEBHOOK = "payments/webhooks/<slug:provider>/<uuid:configuration>/"
router = SimpleRouter(use_regex_path=False)
router.register("payments/deliveries", DeliveryViewSet, basename="payment-delivery")
urlpatterns = [
    path(_WEBHOOK, WebhookView.as_view(), name="payments-webhook"),
    path("payments/figures/", FigureView.as_view(), name="payment-figures"),
    *router.urls,
]
