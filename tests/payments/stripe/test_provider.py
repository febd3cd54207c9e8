"""Stripe behind the port, where the contract suite of all providers does not reach: apps, kept cards, sellers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from billing.payments.providers.base import (
    Account,
    Action,
    ActionKind,
    Intent,
    ObjectKind,
    PayoutIntent,
    ProviderRefused,
    ProviderUnknown,
    RefundIntent,
)
from billing.payments.providers.stripe.connect import StripeConnect
from billing.payments.providers.stripe.provider import StripeProvider
from shared_apps.core.money import Money

from .conftest import Remote


@pytest.fixture
def provider(account: Account) -> StripeProvider:
    return StripeProvider(account)


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def intent(**more: Any) -> Intent:
    given: dict[str, Any] = {
        "payment_id": uuid4(), "money": usd("100.00"), "description": "Order 9", "purpose": "order",
        "return_url": "https://acme.example.com/back/", "customer_email": "ann@example.com",
    }  # fmt: skip
    return Intent(**{**given, **more})


def typed(remote: Remote, action: Action, card: str) -> Any:
    """An app's own form: the card for the intent, by its client secret."""
    page = f"{remote.url}/stripe/pay/sim-0197c1de-0000-7000-8000-00000000000a/{action.secret}"
    return remote.browser(page, number=card)


@pytest.mark.req("S3-99", "S3-100", "S3-101")
def test_an_app_pays_keeps_the_card_and_is_charged_later(provider: StripeProvider, remote: Remote) -> None:
    first = provider.create(intent(surface="api", save_method=True), idempotency_key=str(uuid4()))
    assert (first.kind, first.state) == (ActionKind.CLIENT_SECRET, "pending")
    assert first.details["public_key"].startswith("pk_test_")
    typed(remote, first, "4242 4242 4242 4242")
    paid = provider.fetch(ObjectKind.PAYMENT, first.reference)
    assert (paid.state, paid.money) == ("succeeded", usd("100.00"))
    kept = paid.saved
    assert kept is not None and kept.last4 == "4242" and kept.customer
    later = intent(customer=kept.customer, saved_method=kept.reference, off_session=True)
    again = provider.create(later, idempotency_key="later-1")
    assert (again.kind, again.state) == (ActionKind.NONE, "succeeded")
    assert provider.find(later, idempotency_key="later-1") == again
    assert len(remote.client().payment_intents.list().data) == 2


@pytest.mark.parametrize(
    ("card", "code"),
    [("4000 0027 6000 3184", "authentication_required"), ("4000 0000 0000 0341", "generic_decline")],
)
def test_a_kept_card_that_needs_its_owner_or_fails_is_refused(
    provider: StripeProvider, remote: Remote, card: str, code: str
) -> None:
    api = remote.client()
    ann = api.customers.create().id
    method = api.payment_methods.create({"type": "card", "card": {"number": card.replace(" ", "")}}).id
    api.payment_methods.attach(method, {"customer": ann})
    with pytest.raises(ProviderRefused) as refused:
        provider.create(
            intent(customer=ann, saved_method=method, off_session=True), idempotency_key=str(uuid4())
        )
    assert refused.value.code == code
    (tried,) = api.payment_intents.list().data
    assert provider.fetch(ObjectKind.PAYMENT, tried.id).state == "failed"


@pytest.mark.req("S3-96", "S3-102", "S3-103", "S3-5")
def test_a_seller_gets_the_share_and_a_refund_takes_its_part_back(
    provider: StripeProvider, account: Account, remote: Remote
) -> None:
    connect = StripeConnect(account)
    seller = connect.create_seller(
        email="s@example.com", country="US", metadata={}, idempotency_key="seller-1"
    )
    assert not connect.seller(seller).can_receive and connect.seller(seller).owed
    link = connect.onboarding_link(
        seller, return_url="https://a.example.com/", refresh_url="https://b.example.com/"
    )
    remote.browser(link, verdict="submit")
    assert connect.seller(seller).can_receive and "/express/" in connect.dashboard_link(seller)
    order = intent()
    action = provider.create(order, idempotency_key=str(uuid4()))
    share = {"seller": seller, "money": usd("95.00"), "metadata": {}, "idempotency_key": "share-1"}
    with pytest.raises(ProviderRefused, match="not_paid"):
        connect.transfer(payment_reference=action.reference, **share)  # type: ignore[arg-type]
    remote.browser(action.url, number="4242424242424242")
    transfer = connect.transfer(payment_reference=action.reference, **share)  # type: ignore[arg-type]
    assert connect.balance(seller, "USD") == (usd("0"), usd("95.00"))

    def refund(amount: str, key: str) -> None:
        wanted = RefundIntent(
            refund_id=uuid4(),
            payment_id=order.payment_id,
            payment_reference=action.reference,
            money=usd(amount),
        )
        for _ in range(2):  # a repeated call with its key changes nothing
            assert (
                provider.refund(replace(wanted, refund_id=UUID(int=1)), idempotency_key=key).state
                == "succeeded"
            )

    refund("33.33", "refund-1")
    assert remote.client().transfers.retrieve(transfer).amount_reversed == 3166  # 95 % of 33.33, rounded down
    refund("66.67", "refund-2")
    assert remote.client().transfers.retrieve(transfer).reversed
    ready, coming = connect.balance(seller, "USD")
    assert ready + coming == usd("0")


def test_an_old_key_is_not_repeated(provider: StripeProvider) -> None:
    old = UUID(int=(int(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000) << 80) | (7 << 76) | (2 << 62))
    wanted = PayoutIntent(payout_id=uuid4(), money=usd("1.00"), destination={"account": "acct_12345678"})
    with pytest.raises(ProviderUnknown) as unknown:
        provider.find(wanted, idempotency_key=str(old))
    assert unknown.value.code == "key_forgotten"


def test_what_was_paid_meanwhile_stays_paid(provider: StripeProvider, remote: Remote) -> None:
    action = provider.create(intent(), idempotency_key=str(uuid4()))
    remote.browser(action.url, number="4242424242424242")
    assert provider.cancel(action.reference).state == "succeeded"
    assert provider.check().startswith("Simulated Stripe account")
