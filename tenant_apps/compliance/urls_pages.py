"""Pages of identity."""

from django.urls import include, path

from . import web

pages = [
    path("", web.own, name="own"),
    path("queue/", web.queue, name="queue"),
    path("cases/<uuid:case_id>/", web.case_detail, name="case"),
    path("cases/<uuid:case_id>/withdraw/", web.withdraw, name="withdraw"),
    path("cases/<uuid:case_id>/decide/", web.decide, name="decide"),
    path("cases/<uuid:case_id>/documents/<slug:side>/", web.case_document, name="document"),
]
urlpatterns = [path("identity/", include((pages, "identity")))]
