"""Pages of reports, on both hosts."""

from django.urls import include, path

from . import web

pages = [
    path("", web.revenue, name="revenue"),
    path("csv/", web.revenue_csv, name="revenue-csv"),
]
urlpatterns = [path("revenue/", include((pages, "reports")))]
