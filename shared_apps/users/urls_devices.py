"""``/api/v1/devices/`` on both hosts."""

from django.urls import path

from . import api_account

urlpatterns = [
    path("devices/", api_account.DeviceListView.as_view(), name="devices"),
    path("devices/<uuid:session_id>/", api_account.DeviceView.as_view(), name="device"),
]
