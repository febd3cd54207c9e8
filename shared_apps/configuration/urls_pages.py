"""Pages of an organisation's settings."""

from django.urls import include, path

from . import web

settings_pages = [
    path("options/", web.option_list, name="options"),
    path("options/<str:name>/", web.option_detail, name="option"),
    path("options/<str:name>/reset/", web.option_reset, name="reset"),
]
urlpatterns = [path("settings/", include((settings_pages, "settings")))]
