"""PayPal's emulator, its payer and its bank."""

from __future__ import annotations

from typing import Any

from billing.payments import services
from billing.payments.models import Payment, Payout, Refund
from billing.payments.services.gateways import connect_to
from tests.payments.contract import Notification
from tests.payments.wire import WireSide


class Remote(WireSide):
    """The payer approves on PayPal's page, we capture."""

    provider = service = "paypal"
    destination = {"email": "slow@example.com"}
    counted = ("order", "refund", "batch")
    posts = ("/v2/", "/v1/payments")

    def settings(self) -> dict[str, str]:
        return super().settings() | {"environment": "live"}

    def _order(self, payment: Payment) -> Any:
        client = connect_to(self.configuration.pk)._client  # type: ignore[attr-defined]
        return client.get(f"/v2/checkout/orders/{payment.provider_reference}")

    def _captured(self, payment: Payment) -> str:
        """The capture that waits for its review, after we have asked for it."""
        services.refresh("payment", payment.pk)
        return str(self._order(payment)["purchase_units"][0]["payments"]["captures"][0]["id"])

    def pay(self, payment: Payment) -> None:
        if self._order(payment)["status"] == "PAYER_ACTION_REQUIRED":
            self.click(payment, "pay")
        else:
            self.control("settle", id=self._captured(payment), status="COMPLETED")

    def hold(self, payment: Payment) -> None:
        self.click(payment, "review")

    def decline(self, payment: Payment) -> None:
        self.hold(payment)
        self.control("settle", id=self._captured(payment), status="DECLINED")

    def fail_refund(self, refund: Refund) -> None:
        self.control("fail_refund", id=refund.provider_reference)

    def settle_payout(self, payout: Payout) -> None:
        self.control("payout", id=payout.provider_reference, status="SUCCESS")

    def fail_payout(self, payout: Payout) -> None:
        self.control("payout", id=payout.provider_reference, status="RETURNED")

    def forged(self) -> list[Notification]:
        self.hold(self.started())
        headers, raw = self.notifications()[-1]
        return [
            ({**headers, "PAYPAL-TRANSMISSION-SIG": "0" * 40}, raw),
            ({**headers, "PAYPAL-TRANSMISSION-TIME": "2026-01-01T00:00:00Z"}, raw),
            (headers, raw.replace(b'"summary":"', b'"summary":"x')),
            ({}, raw),
        ]
