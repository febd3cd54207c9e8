"""Addresses under /api/v1/ of a tenant's host."""

from django.urls import path

from . import api

urlpatterns = [
    path("settings/", api.SettingListView.as_view(), name="setting-list"),
    path("settings/<str:name>/", api.SettingView.as_view(), name="setting"),
    path("settings/<str:name>/history/", api.SettingHistoryView.as_view(), name="setting-history"),
]
