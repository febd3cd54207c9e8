"""The laboratory of ``tests/payments/lab.py``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from billing.payments.models import Payment, Payout, Refund
from tests.payments import lab
from tests.payments.contract import Notification, RemoteSide


class Remote(RemoteSide):
    """Everything can happen here."""

    provider = "lab"
    destination = {"to": "somewhere"}

    def secrets(self) -> dict[str, str]:
        return {"key": lab.SECRET}

    @property
    def lab(self) -> lab.Laboratory:
        return lab.LABS.setdefault(self.configuration.pk, lab.Laboratory())

    def pay(self, payment: Payment) -> None:
        self.lab.move(payment.provider_reference, "succeeded")

    def hold(self, payment: Payment) -> None:
        self.lab.move(payment.provider_reference, "processing")

    def decline(self, payment: Payment) -> None:
        self.lab.move(payment.provider_reference, "failed", failure_code="card_declined")

    def fail_refund(self, refund: Refund) -> None:
        self.lab.move(refund.provider_reference, "failed", failure_code="closed_account")

    def settle_payout(self, payout: Payout) -> None:
        self.lab.move(payout.provider_reference, "settled")

    def fail_payout(self, payout: Payout) -> None:
        self.lab.move(payout.provider_reference, "failed", failure_code="no_account")

    def notifications(self) -> list[Notification]:
        return list(self.lab.told)

    def forged(self) -> list[Notification]:
        headers, raw = self.lab.signed("payment", "pay_0", "ev_x")
        old = self.lab.signed("payment", "pay_0", "ev_y", timezone.now() - lab.OLD)
        return [({"Lab-Signature": "0" * 64}, raw), ({}, raw), (headers, raw + b" "), old]

    def objects(self) -> int:
        return len(self.lab.objects)

    @contextmanager
    def _fault(self, name: str) -> Iterator[None]:
        self.lab.fault = name
        yield
        self.lab.fault = ""

    def losing_answers(self):  # type: ignore[no-untyped-def]
        return self._fault("lose")

    def unreachable(self):  # type: ignore[no-untyped-def]
        return self._fault("down")

    def answering_garbage(self):  # type: ignore[no-untyped-def]
        return self._fault("garbage")
