"""``/api/v1/users/{id}/reset-factors/`` on the platform's host."""

from django.urls import path

from . import api

urlpatterns = [
    path("users/<int:user_id>/reset-factors/", api.ResetView.as_view(), name="reset-factors"),
]
