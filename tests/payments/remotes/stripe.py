"""Stripe's emulator: the payer is a browser on its pages, the bank is moved by its control address."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from django.conf import settings
from stripe import WebhookSignature

from billing.payments.models import Payment, Payout, Refund
from billing.payments.providers.stripe.connect import StripeConnect
from billing.payments.services.gateways import _account
from billing.payments.simulators import stripe_keys
from billing.payments.simulators.accounts import account_name
from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Tenant
from tests.payments.contract import Notification, RemoteSide

HOOK = "http://127.0.0.1:9/nobody/"


class Remote(RemoteSide):
    """One account at the emulator, with money in it and one seller."""

    provider = "stripe"
    currency = "USD"
    is_emulated = True

    def __init__(self, tenant: Tenant, payer_id: int) -> None:
        super().__init__(tenant, payer_id)
        self.account = account_name(str(self.configuration.pk))
        self.key = stripe_keys.secret_key(str(self.configuration.pk))
        self.secret = stripe_keys.webhook_secret(self.account)
        self.control("webhooks", service="stripe", account=self.account, url=HOOK)
        connect = StripeConnect(_account(self.configuration))
        seller = connect.create_seller(
            email="s@example.com", country="US", metadata={}, idempotency_key="seller"
        )
        self.control("stripe/onboard", key=self.key, account=seller)
        self.destination = {"account": seller}
        # Money that can be paid out at once, as the card "bypassPending" gives it.
        self.api("payment_intents", amount="900000", currency="usd", payment_method="pm_card_bypassPending",
                 confirm="true", return_url="https://x.example.com/")  # fmt: skip

    def control(self, path: str, /, **data: Any) -> dict[str, Any]:
        answer = httpx.post(f"{settings.SIMULATOR_URL}/_control/{path}", json=data, trust_env=False)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def api(self, path: str, **form: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}"}
        url = f"{settings.SIMULATOR_URL}/stripe/v1/{path}"
        method = "POST" if form else "GET"
        answer = httpx.request(method, url, data=form or None, headers=headers, trust_env=False)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def _page(self, payment: Payment, number: str) -> httpx.Response:
        return httpx.post(payment.action_url, data={"number": number, "expiry": "12/34"}, trust_env=False)

    def pay(self, payment: Payment) -> None:
        answer = self._page(payment, "4242 4242 4242 4242")
        assert answer.headers["location"] == payment.return_url, answer.text

    def hold(self, payment: Payment) -> None:
        assert "/authenticate/" in self._page(payment, "4000 0027 6000 3184").headers["location"]

    def decline(self, payment: Payment) -> None:
        assert "insufficient" in self._page(payment, "4000 0000 0000 9995").text
        self.api(f"checkout/sessions/{payment.provider_reference}/expire", **{"expand[0]": "customer"})

    def fail_refund(self, refund: Refund) -> None:
        self.control("stripe/fail_refund", key=self.key, refund=refund.provider_reference)

    def settle_payout(self, payout: Payout) -> None:
        self.control("stripe/end_payout", key=self.key, payout=payout.provider_reference, status="paid")

    def fail_payout(self, payout: Payout) -> None:
        self.control("stripe/end_payout", key=self.key, payout=payout.provider_reference, status="failed")

    def notifications(self) -> list[Notification]:
        address = f"{settings.SIMULATOR_URL}/_control/webhooks?service=stripe&account={self.account}"
        told = httpx.get(address, trust_env=False).json()["webhooks"]
        return [(each["headers"], each["body"].encode()) for each in told]

    def forged(self) -> list[Notification]:
        headers, raw = self.notifications()[0]
        text = raw.decode()
        old = WebhookSignature.generate_signature_header(text, self.secret, int(time.time()) - 301)
        early = WebhookSignature.generate_signature_header(text, self.secret, int(time.time()) + 301)
        other = WebhookSignature.generate_signature_header(text, "whsec_somebody_else")
        return [
            (headers, raw + b" "), ({}, raw), ({"Stripe-Signature": "t=1,v1="}, raw), ({"Stripe-Signature": other}, raw),
            ({"Stripe-Signature": old}, raw), ({"Stripe-Signature": early}, raw),
        ]  # fmt: skip

    def objects(self) -> int:
        made = [self.api(f"{path}?limit=100")["data"] for path in ("checkout/sessions", "refunds")]
        with platform_context():
            connect = StripeConnect(_account(self.configuration))
        payouts = connect._v1.payouts.list(
            {"limit": 100}, {"stripe_account": self.destination["account"]}
        ).data
        return sum(map(len, made)) + len(payouts)

    @contextmanager
    def _fault(self, kind: str) -> Iterator[None]:
        self.control("faults", service="stripe", kind=kind, method="POST", times=1)
        yield

    def losing_answers(self):  # type: ignore[no-untyped-def]
        return self._fault("cut_after")

    @contextmanager
    def unreachable(self) -> Iterator[None]:
        before = settings.SIMULATOR_URL
        settings.SIMULATOR_URL = "http://127.0.0.1:9"
        yield
        settings.SIMULATOR_URL = before

    def answering_garbage(self):  # type: ignore[no-untyped-def]
        return self._fault("garbage")
