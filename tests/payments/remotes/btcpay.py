"""BTCPay's emulator: a payer with a wallet, and blocks."""

from __future__ import annotations

from billing.payments.models import Payment, Payout
from tests.payments.contract import Notification
from tests.payments.wire import WireSide


class Remote(WireSide):
    """Paid is what lies one block deep."""

    provider = service = "btcpay"
    currency = "BTC"
    amount = "0.02500000"
    destination = {"address": "bcrt1qaaaaaaaaaaaaaaaaaaaaaaaaaaslow"}
    counted = ("invoice", "payout")
    posts = ("/api/",)

    @property
    def account(self) -> str:
        return self.keys["store_id"]

    def pay(self, payment: Payment) -> None:
        if not self.held.get(payment.pk):
            self.control("pay", id=payment.provider_reference)
        self.control("confirm", id=payment.provider_reference)

    def hold(self, payment: Payment) -> None:
        self.control("pay", id=payment.provider_reference)
        self.held[payment.pk] = True

    @property
    def held(self) -> dict[object, bool]:
        return self.__dict__.setdefault("_held", {})

    def decline(self, payment: Payment) -> None:
        self.control("expire", id=payment.provider_reference)

    def settle_payout(self, payout: Payout) -> None:
        self.control("payout", id=payout.provider_reference, state="Completed")

    def fail_payout(self, payout: Payout) -> None:
        self.control("payout", id=payout.provider_reference, state="Cancelled")

    def forged(self) -> list[Notification]:
        headers, raw = self.notifications()[-1]
        return [({**headers, "BTCPay-Sig": "sha256=" + "0" * 64}, raw), (headers, raw + b" "), ({}, raw)]
