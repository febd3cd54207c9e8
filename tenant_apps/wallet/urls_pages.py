"""Pages of wallets."""

from django.urls import include, path

from .web import moves, own, staff

pages = [
    path("", own.overview, name="overview"),
    path("history/", own.history_page, name="history"),
    path("history.csv", own.history_file, name="history_file"),
    path("statement/", own.statement, name="statement"),
    path("deposit/", moves.deposit, name="deposit"),
    path("withdraw/", moves.withdraw, name="withdraw"),
    path("transfer/", moves.transfer, name="transfer"),
    path("destinations/", moves.destinations, name="destinations"),
    path("destinations/<uuid:destination_id>/remove/", moves.remove_destination, name="remove_destination"),
    path("withdrawals/<uuid:withdrawal_id>/", moves.withdrawal, name="withdrawal"),
    path("withdrawals/<uuid:withdrawal_id>/cancel/", moves.cancel, name="cancel"),
    path("withdrawals/<uuid:withdrawal_id>/decide/", staff.decide, name="decide"),
    path("approvals/", staff.approvals, name="approvals"),
    path("balances/", staff.balances, name="balances"),
    path("members/<uuid:member_id>/", staff.member, name="member"),
]
urlpatterns = [path("wallet/", include((pages, "wallet")))]
