"""Addresses under /api/v1/ of both hosts."""

from django.urls import path

from . import api, api_plans, api_sold

urlpatterns = [
    path("plans/", api_plans.PlanListView.as_view(), name="plan-list"),
    path("plans/codes/", api_plans.PromotionCodeListView.as_view(), name="plan-codes"),
    path("plans/codes/<uuid:pk>/", api_plans.PromotionCodeView.as_view(), name="plan-code"),
    path("plans/prices/<uuid:pk>/", api_plans.PlanPriceView.as_view(), name="plan-price"),
    path("plans/<uuid:pk>/", api_plans.PlanView.as_view(), name="plan"),
    path("plans/<uuid:pk>/prices/", api_plans.PlanPricesView.as_view(), name="plan-prices"),
    path("subscription/", api.SubscriptionView.as_view(), name="subscription-own"),
    path("subscription/checkout/", api.CheckoutView.as_view(), name="subscription-checkout"),
    path("subscription/pay/", api.PayView.as_view(), name="subscription-pay"),
    path("subscription/preview/", api.PreviewView.as_view(), name="subscription-preview"),
    path("subscription/change/", api.ChangeView.as_view(), name="subscription-change"),
    path("subscription/cancel/", api.CancelView.as_view(), name="subscription-cancel"),
    path("subscription/resume/", api.ResumeView.as_view(), name="subscription-resume"),
    path("subscription/pause/", api.PauseView.as_view(), name="subscription-pause"),
    path("subscription/portal/", api.PortalView.as_view(), name="subscription-portal"),
    path("subscriptions/", api_sold.SoldSubscriptionListView.as_view(), name="sold-subscriptions"),
    path("subscriptions/<uuid:pk>/", api_sold.SoldSubscriptionView.as_view(), name="sold-subscription"),
    path("subscriptions/charges/<uuid:pk>/paid/", api_sold.ChargePaidView.as_view(), name="charge-paid"),
]
