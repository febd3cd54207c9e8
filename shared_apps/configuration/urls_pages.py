"""Pages of an organisation's settings."""

from django.urls import include, path

from . import web, web_brand, web_domains

settings_pages = [
    path("brand/", web_brand.brand, name="brand"),
    path("brand/check/", web_brand.brand_check, name="brand-check"),
    path("domains/", web_domains.domain_list, name="domains"),
    path("domains/primary/", web_domains.domain_primary, name="domain-primary"),
    path("domains/<uuid:domain_id>/check/", web_domains.domain_check, name="domain-check"),
    path("domains/<uuid:domain_id>/remove/", web_domains.domain_remove, name="domain-remove"),
    path("options/", web.option_list, name="options"),
    path("options/<str:name>/", web.option_detail, name="option"),
    path("options/<str:name>/reset/", web.option_reset, name="reset"),
]
urlpatterns = [
    path("settings/", include((settings_pages, "settings"))),
    path("brand/<slug:key>.css", web_brand.stylesheet, name="brand-stylesheet"),
    path("brand/<slug:name>.png", web_brand.logo, name="brand-logo-file"),
]
