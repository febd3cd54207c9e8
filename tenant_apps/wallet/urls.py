"""Addresses under /api/v1/ of a tenant's host."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .api import accounts, moves

router = SimpleRouter(use_regex_path=False)
router.register("wallet/accounts", accounts.AccountViewSet, basename="wallet-account")
router.register("wallet/deposits", moves.DepositViewSet, basename="wallet-deposit")
router.register("wallet/withdrawals", moves.WithdrawalViewSet, basename="wallet-withdrawal")
router.register("wallet/destinations", moves.DestinationViewSet, basename="wallet-destination")
router.register("wallet/transfers", moves.TransferViewSet, basename="wallet-transfer")
urlpatterns = [
    path("wallet/transactions/", accounts.TransactionsView.as_view(), name="wallet-transactions"),
    path("wallet/transactions/export/", accounts.ExportView.as_view(), name="wallet-export"),
    path("wallet/statement/", accounts.StatementView.as_view(), name="wallet-statement"),
    path("wallet/members/<uuid:pk>/freeze/", accounts.FreezeView.as_view(), name="wallet-freeze"),
    path("wallet/members/<uuid:pk>/unfreeze/", accounts.UnfreezeView.as_view(), name="wallet-unfreeze"),
    *router.urls,
]
