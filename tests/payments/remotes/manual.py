"""Bank transfers: our own staff are the other side."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from billing.payments.models import Payment, Payout, Refund, StaffConfirmation
from shared_apps.core.context import platform_context
from shared_apps.users.models import User
from tests.payments.contract import RemoteSide


class Remote(RemoteSide):
    """Staff say what happened at the bank; nothing is sent anywhere."""

    provider = "manual"
    has_wire = False
    destination = {"iban": "FR76 3000 6000 0112 3456 7890 189", "account_holder": "Tara Trader"}

    def settings(self) -> dict[str, str]:
        return {"account_holder": "Acme Ltd", "iban": "DE89370400440532013000"}

    def _say(self, kind: str, row: Any, happened: bool) -> None:
        with platform_context(), transaction.atomic():
            StaffConfirmation.objects.create(
                tenant=self.tenant, configuration=self.configuration, object_kind=kind, object_id=row.pk,
                happened=happened, currency=row.currency, minor_units=row.minor_units,
                confirmed_by=User.objects.get(email="owner@acme.example.com"),
            )  # fmt: skip

    def pay(self, payment: Payment) -> None:
        self._say("payment", payment, True)

    def hold(self, payment: Payment) -> None:
        """A transfer is nothing but waited for."""

    def decline(self, payment: Payment) -> None:
        self._say("payment", payment, False)

    def settle_refund(self, refund: Refund) -> None:
        self._say("refund", refund, True)

    def fail_refund(self, refund: Refund) -> None:
        self._say("refund", refund, False)

    def settle_payout(self, payout: Payout) -> None:
        self._say("payout", payout, True)

    def fail_payout(self, payout: Payout) -> None:
        self._say("payout", payout, False)
