"""Pages of an organisation."""

from django.urls import include, path

from . import web

members = [
    path("", web.member_list, name="list"),
    path("<uuid:member_id>/", web.member_row, name="row"),
    path("<uuid:member_id>/capabilities/", web.member_capabilities, name="capabilities"),
    path("<uuid:member_id>/activation/", web.member_activation, name="activation"),
]
urlpatterns = [
    path("", web.dashboard, name="dashboard"),
    path("dashboard/<slug:name>/", web.dashboard_panel, name="dashboard_panel"),
    path("members/", include((members, "members"))),
]
