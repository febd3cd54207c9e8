"""Pages of trading."""

from django.urls import path

from . import web

app_name = "trading"
urlpatterns = [
    path("accounts/<uuid:account_id>/", web.account, name="account"),
    path("accounts/<uuid:account_id>/live/", web.account_live, name="live"),
    path("accounts/<uuid:account_id>/ticket/", web.ticket, name="ticket"),
    path("quotes/", web.quote, name="quote"),
    path("orders/<uuid:order_id>/cancel/", web.cancel_order, name="cancel_order"),
    path("positions/<uuid:position_id>/close/", web.close_position, name="close_position"),
]
