"""Addresses under /api/v1/ of both hosts."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import PaymentViewSet, TransferConfirmView, TransferListView
from .api_gateways import (
    GatewayCheckView,
    GatewayListView,
    GatewaySwitchView,
    GatewayView,
    ProviderTypeView,
)

router = SimpleRouter(use_regex_path=False)
router.register("payments", PaymentViewSet, basename="payment")
urlpatterns = [
    path("payments/providers/", ProviderTypeView.as_view(), name="payment-providers"),
    path("payments/gateways/", GatewayListView.as_view(), name="payment-gateways"),
    path("payments/gateways/<uuid:pk>/", GatewayView.as_view(), name="payment-gateway"),
    path("payments/gateways/<uuid:pk>/switch/", GatewaySwitchView.as_view(), name="payment-gateway-switch"),
    path("payments/gateways/<uuid:pk>/check/", GatewayCheckView.as_view(), name="payment-gateway-check"),
    path("payments/transfers/", TransferListView.as_view(), name="payment-transfers"),
    path(
        "payments/transfers/<slug:kind>/<uuid:pk>/confirm/",
        TransferConfirmView.as_view(),
        name="payment-transfer-confirm",
    ),
    *router.urls,
]
