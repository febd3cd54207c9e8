"""YooKassa's emulator with the payer's bank behind the QR code."""

from __future__ import annotations

from billing.payments import services
from billing.payments.models import Payment, Payout, Refund
from billing.payments.services import deliveries
from tests.payments.contract import Notification
from tests.payments.wire import WireSide

_FROM = "x-test-from"


class Remote(WireSide):
    """Notifications are not signed: what is forged comes from elsewhere."""

    provider = service = "yookassa"
    currency = "RUB"
    amount = "2500.00"
    destination = {"phone": "79161111111", "bank_id": "100000000111"}
    counted = ("payment", "refund", "payout")
    posts = ("/v3/",)

    def started(self, **changes: object) -> Payment:
        self.control("slow_refunds", account=self.account)
        return super().started(**changes)

    def pay(self, payment: Payment) -> None:
        self.click(payment, "pay")

    def hold(self, payment: Payment) -> None:
        """The payer looks at the code: YooKassa knows no state for that."""

    def decline(self, payment: Payment) -> None:
        self.click(payment, "refuse")

    def settle_refund(self, refund: Refund) -> None:
        self.control("refund", id=refund.provider_reference, status="succeeded")

    def fail_refund(self, refund: Refund) -> None:
        self.control("refund", id=refund.provider_reference, status="canceled")
        services.refresh("refund", refund.pk)  # YooKassa tells nobody; the hourly question finds it

    def settle_payout(self, payout: Payout) -> None:
        self.control("payout", id=payout.provider_reference, status="succeeded")

    def fail_payout(self, payout: Payout) -> None:
        self.control("payout", id=payout.provider_reference, status="canceled")

    def receive(self, headers: dict[str, str], raw: bytes) -> bool:
        return deliveries.receive(
            provider=self.provider, configuration_id=self.configuration.pk, headers=headers, raw=raw,
            remote_addr=headers.get(_FROM, "127.0.0.1"),
        )  # fmt: skip

    def forged(self) -> list[Notification]:
        self.pay(self.started())
        headers, raw = self.notifications()[-1]
        elsewhere = [({**headers, _FROM: address}, raw) for address in ("8.8.8.8", "2a02:5180::1")]
        return [*elsewhere, (headers, b'{"type":"notification","event":"payment.succeeded","object":{}}')]
