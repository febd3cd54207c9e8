"""Addresses under /api/v1/ of a tenant's host."""

from django.urls import path

from . import api, api_brand, api_domains

urlpatterns = [
    path("brand/", api_brand.BrandView.as_view(), name="brand"),
    path("brand/logo/", api_brand.LogoView.as_view(), name="brand-logo"),
    path("domains/", api_domains.DomainListView.as_view(), name="domain-list"),
    path("domains/primary/", api_domains.DomainPrimaryView.as_view(), name="domain-primary"),
    path("domains/<uuid:pk>/", api_domains.DomainView.as_view(), name="domain"),
    path("domains/<uuid:pk>/check/", api_domains.DomainCheckView.as_view(), name="domain-check"),
    path("settings/", api.SettingListView.as_view(), name="setting-list"),
    path("settings/<str:name>/", api.SettingView.as_view(), name="setting"),
    path("settings/<str:name>/history/", api.SettingHistoryView.as_view(), name="setting-history"),
]
