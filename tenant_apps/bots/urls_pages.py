"""Pages of bots."""

from django.urls import path

from tenant_apps.members.web_sharing import share_paths

from . import web

app_name = "bots"
urlpatterns = [
    path("bots/", web.bot_list, name="list"),
    path("bots/new/", web.bot_new, name="new"),
    path("bots/<uuid:bot_id>/", web.bot_detail, name="detail"),
    *share_paths(
        "bot",
        "bots/<uuid:object_id>/",
        app_name,
        view="bots.view_share",
        share="bots.share_bot",
        back="bots:detail",
    ),
    path("bots/<uuid:bot_id>/live/", web.bot_live, name="live"),
    path("bots/<uuid:bot_id>/start/", web.control, {"action": "start"}, name="start"),
    path("bots/<uuid:bot_id>/pause/", web.control, {"action": "pause"}, name="pause"),
    path("bots/<uuid:bot_id>/stop/", web.control, {"action": "stop"}, name="stop"),
    path("bots/<uuid:bot_id>/decisions/<uuid:decision_id>/", web.why, name="why"),
    path("bots/<uuid:bot_id>/orders/<uuid:order_id>/why/", web.why_of_order, name="why_of_order"),
]
