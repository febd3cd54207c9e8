"""Pages of trading accounts."""

from django.urls import path

from tenant_apps.members.web_sharing import share_paths

from . import web

app_name = "trading_accounts"
urlpatterns = [
    path("accounts/", web.account_list, name="list"),
    path("accounts/new/", web.account_new, name="new"),
    *share_paths(
        "trading_account",
        "accounts/<uuid:object_id>/",
        app_name,
        view="trading_accounts.view_share",
        share="trading_accounts.share_account",
        back="trading:account",
    ),
]
