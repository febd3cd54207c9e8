"""Pages of the organisation's own log-in, on its host."""

from django.urls import path

from . import web

urlpatterns = [
    path("login/sso/", web.begin, name="sso-login"),
    path("login/sso/callback/", web.callback, name="sso-callback"),
    path("settings/sign-in/", web.settings_page, name="sign-in-settings"),
    path("settings/sign-in/remove/", web.remove, name="remove-sign-in"),
]
