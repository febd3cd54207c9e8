"""The log's page, on both hosts."""

from django.urls import path

from . import web

app_name = "audit"
urlpatterns = [path("audit/", web.event_list, name="list")]
