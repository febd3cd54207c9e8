"""Pages of invoices, on both hosts."""

from django.urls import include, path

from . import web

pages = [
    path("", web.invoice_list, name="list"),
    path("<uuid:invoice_id>/", web.detail, name="detail"),
    path("<uuid:invoice_id>/pdf/", web.document, name="pdf"),
    path("<uuid:invoice_id>/credit/", web.credit, name="credit"),
]
urlpatterns = [path("invoices/", include((pages, "invoices")))]
