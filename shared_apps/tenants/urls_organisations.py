"""One's organisations, on both hosts."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from . import web_organisations
from .api_organisations import OrganisationViewSet

router = SimpleRouter(use_regex_path=False)
router.register("organisations", OrganisationViewSet, basename="organisation")
page_urlpatterns = [
    path("organisations/", web_organisations.organisations, name="organisations"),
    path("organisations/leave/", web_organisations.leave, name="organisation_leave"),
]
tenant_page_urlpatterns = [
    *page_urlpatterns,
    path("enter/", web_organisations.enter, name="organisation_enter"),
]
