"""Pages of an organisation."""

from django.urls import include, path

from . import web, web_invitations, web_joining, web_postal, web_transfers

members = [
    path("", web.member_list, name="list"),
    path("<uuid:member_id>/", web.member_row, name="row"),
    path("<uuid:member_id>/capabilities/", web.member_capabilities, name="capabilities"),
    path("<uuid:member_id>/activation/", web.member_activation, name="activation"),
]
invitations = [
    path("", web_invitations.invitation_list, name="list"),
    path("import/", web_invitations.invitation_import, name="import"),
    path("links/", web_invitations.join_link_new, name="link_new"),
    path("links/<uuid:join_link_id>/revoke/", web_invitations.join_link_revoke, name="link_revoke"),
    path("<uuid:invitation_id>/resend/", web_invitations.invitation_resend, name="resend"),
    path("<uuid:invitation_id>/withdraw/", web_invitations.invitation_withdraw, name="withdraw"),
]
ownership = [
    path("", web_transfers.ownership, name="page"),
    path("<uuid:transfer_id>/accept/", web_transfers.accept, name="accept"),
    path("<uuid:transfer_id>/decline/", web_transfers.decline, name="decline"),
    path("<uuid:transfer_id>/withdraw/", web_transfers.withdraw, name="withdraw"),
]
urlpatterns = [
    path("", web.dashboard, name="dashboard"),
    path("dashboard/<slug:name>/", web.dashboard_panel, name="dashboard_panel"),
    path("account/addresses/", web_postal.addresses, name="account-addresses"),
    path("account/addresses/<uuid:address_id>/", web_postal.address, name="account-address"),
    path(
        "account/addresses/<uuid:address_id>/remove/",
        web_postal.remove_address,
        name="account-address-remove",
    ),
    path("account/business/", web_postal.business, name="account-business"),
    path("members/", include((members, "members"))),
    path("invitations/", include((invitations, "invitations"))),
    path("ownership/", include((ownership, "ownership"))),
    path("invitation/", web_joining.invitation, name="invitation"),
    path("invitation/ask/", web_joining.ask, name="invitation_ask"),
]
