"""Pages of the platform's host."""

from django.urls import path

from . import web
from .urls_organisations import page_urlpatterns

urlpatterns = [
    *page_urlpatterns,
    path("", web.front, name="front"),
    path("signup/", web.sign_up, name="signup"),
    path("signup/check/", web.check_slug, name="check_slug"),
]
