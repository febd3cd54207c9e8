"""Pages of payments on both hosts: the staff's and the payer's."""

from django.urls import include, path

from . import web, web_gateways, web_pay

pages = [
    path("", web.payment_list, name="list"),
    path("export/", web.export, name="export"),
    path("transfers/", web.transfers, name="transfers"),
    path("transfers/<slug:kind>/<uuid:object_id>/", web.confirm, name="confirm"),
    path("providers/", web_gateways.gateway_list, name="gateways"),
    path("providers/new/<slug:provider>/", web_gateways.gateway_new, name="gateway-new"),
    path("providers/<uuid:gateway_id>/", web_gateways.gateway_edit, name="gateway"),
    path("providers/<uuid:gateway_id>/check/", web_gateways.gateway_check, name="gateway-check"),
    path("providers/<uuid:gateway_id>/switch/", web_gateways.gateway_switch, name="gateway-switch"),
    path("<uuid:payment_id>/", web.detail, name="detail"),
    path("<uuid:payment_id>/refund/", web.refund, name="refund"),
]
payer_pages = [
    path("<uuid:payment_id>/", web_pay.pay, name="pay"),
    path("<uuid:payment_id>/state/", web_pay.state, name="state"),
    path("<uuid:payment_id>/cancel/", web_pay.cancel, name="cancel"),
    path("<uuid:payment_id>/again/", web_pay.again, name="again"),
]
urlpatterns = [path("payments/", include((pages, "payments"))), path("pay/", include((payer_pages, "pay")))]
