"""Pages of trading accounts."""

from django.urls import path

from . import web

app_name = "trading_accounts"
urlpatterns = [
    path("accounts/", web.account_list, name="list"),
    path("accounts/new/", web.account_new, name="new"),
]
