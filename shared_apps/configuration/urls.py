"""Addresses under /api/v1/ of a tenant's host."""

from django.urls import path

from . import api, api_brand

urlpatterns = [
    path("brand/", api_brand.BrandView.as_view(), name="brand"),
    path("brand/logo/", api_brand.LogoView.as_view(), name="brand-logo"),
    path("settings/", api.SettingListView.as_view(), name="setting-list"),
    path("settings/<str:name>/", api.SettingView.as_view(), name="setting"),
    path("settings/<str:name>/history/", api.SettingHistoryView.as_view(), name="setting-history"),
]
