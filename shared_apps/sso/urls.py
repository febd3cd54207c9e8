"""``/api/v1/identity-provider/`` on a tenant's host."""

from django.urls import path

from . import api

urlpatterns = [path("identity-provider/", api.ProviderView.as_view(), name="identity-provider")]
