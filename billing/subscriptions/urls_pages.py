"""Pages of plans and subscriptions, on both hosts."""

from django.urls import URLPattern, URLResolver, include, path, register_converter
from django.urls.converters import StringConverter

from . import web, web_plans


class WhatConverter(StringConverter):
    """What one can do with one's own subscription."""

    regex = "pay|cancel|resume|pause"


register_converter(WhatConverter, "what")
plan_pages = [
    path("", web.plan_list, name="list"),
    path("checkout/<uuid:price_id>/", web.checkout, name="checkout"),
    path("catalogue/", web_plans.plan_editor, name="editor"),
    path("catalogue/<uuid:plan_id>/", web_plans.plan_detail, name="plan"),
    path("catalogue/<uuid:plan_id>/prices/", web_plans.price_add, name="price-add"),
    path("catalogue/prices/<uuid:price_id>/end/", web_plans.price_end, name="price-end"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("plans/", include((plan_pages, "plans"))),
    path("subscription/", web.own, name="subscription"),
    path("subscription/<what:what>/", web.act, name="subscription-act"),
]
tenant_urlpatterns: list[URLPattern | URLResolver] = [
    *urlpatterns,
    path("settings/plan/", web.organisation_plan, name="organisation-plan"),
]
