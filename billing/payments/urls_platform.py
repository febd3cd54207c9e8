"""Addresses under /api/v1/ of the platform's host."""

from django.urls import path

from .api_webhooks import WebhookView

_WEBHOOK = "payments/webhooks/<slug:provider>/<uuid:configuration>/"
urlpatterns = [path(_WEBHOOK, WebhookView.as_view(), name="payments-webhook")]
