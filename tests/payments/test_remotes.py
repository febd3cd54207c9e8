"""What each remote service does that the others do not (the table of hazards), over a socket."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connections
from django.utils import timezone

from billing.payments.providers.base import (
    Account,
    Intent,
    ObjectKind,
    PayoutIntent,
    ProviderRefused,
    ProviderUnknown,
    ProviderUnreachable,
    provider_type,
)
from billing.payments.providers.crypto.policy import Policy, Received, judged
from billing.payments.providers.remote import refuse_old_key
from billing.payments.providers.sbp.inbound import is_theirs
from shared_apps.core.ids import uuid7
from shared_apps.core.money import Money
from tests.support.simulators import Simulators

CURRENCY = {"paypal": "EUR", "yookassa": "RUB", "btcpay": "BTC"}
DESTINATION: Mapping[str, dict[str, str]] = {
    "paypal": {"email": "slow@example.com"},
    "yookassa": {"phone": "79161111111", "bank_id": "100000000111"},
    "btcpay": {"address": "bcrt1qaaaaaaaaaaaaaaaaaaaaaaaaaaslow"},
}
NAMES = sorted(CURRENCY)


def connected(name: str, number: UUID | None = None, **settings: str) -> Any:
    account = Account(
        configuration_id=number or uuid4(), is_simulated=True, secrets={}, settings=settings, currencies=()
    )
    return provider_type(name).build(account)


def intent(name: str, amount: str = "10.00") -> Intent:
    return Intent(
        payment_id=uuid4(), money=Money(Decimal(amount), CURRENCY[name]), description="Test",
        return_url="http://acme.localhost/back/", purpose="order",
    )  # fmt: skip


def payout(name: str) -> PayoutIntent:
    money = Money(Decimal("10.00"), CURRENCY[name])
    return PayoutIntent(payout_id=uuid4(), money=money, destination=DESTINATION[name])


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F43")
@pytest.mark.parametrize("name", NAMES)
def test_two_accounts_at_once_never_meet(simulators: Simulators, name: str) -> None:
    """Forty calls in four threads: each object is its own account's, and nobody else can see it."""
    numbers = [uuid4(), uuid4()]

    def make(turn: int) -> tuple[int, str]:
        mine = turn % 2
        try:
            made = connected(name, numbers[mine]).create(intent(name), idempotency_key=str(uuid7()))
        finally:
            connections.close_all()
        return mine, made.reference

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(40)))
    assert len({reference for _mine, reference in made}) == 40
    for mine, reference in made[:10]:
        assert connected(name, numbers[mine]).fetch(ObjectKind.PAYMENT, reference).state == "pending"
        with pytest.raises(ProviderRefused) as refused:
            connected(name, numbers[1 - mine]).fetch(ObjectKind.PAYMENT, reference)
        assert refused.value.code in ("not_found", "invalid_resource_id")


@pytest.mark.django_db
@pytest.mark.req("F43")
@pytest.mark.parametrize("name", NAMES)
def test_what_is_certain_after_each_fault(simulators: Simulators, name: str) -> None:
    provider, key = connected(name), str(uuid7())
    provider.check()
    for kind, expected in (
        ("rate_limit", ProviderUnreachable), ("error_500", ProviderUnknown), ("garbage", ProviderUnknown),
        ("cut_after", ProviderUnknown), ("garbage_after", ProviderUnknown),
    ):  # fmt: skip
        simulators.fault(name, kind, method="POST")
        with pytest.raises(expected):
            provider.payout(payout(name), idempotency_key=str(uuid7()))
    same = payout(name)
    simulators.fault(name, "cut_after", method="POST")
    with pytest.raises(ProviderUnknown):
        provider.payout(same, idempotency_key=key)
    found = provider.find(same, idempotency_key=key)
    assert found.reference == provider.find(same, idempotency_key=key).reference


@pytest.mark.req("F43")
@pytest.mark.django_db
def test_wrong_keys_are_refused(simulators: Simulators) -> None:
    wrong = {
        "paypal": {"client_id": "sim-x"},
        "yookassa": {"shop_id": "sim-x"},
        "btcpay": {"store_id": "sim-x"},
    }
    for name in NAMES:
        with pytest.raises((ProviderRefused, ProviderUnreachable)):
            connected(name, **wrong[name]).check()


@pytest.mark.django_db
@pytest.mark.req("S1-14")
def test_paypal_renews_a_token_that_was_taken_away(simulators: Simulators) -> None:
    provider = connected("paypal")
    reference = provider.create(intent("paypal"), idempotency_key=str(uuid7())).reference
    simulators.control("paypal/expire_tokens")
    assert provider.fetch(ObjectKind.PAYMENT, reference).state == "pending"


@pytest.mark.django_db
@pytest.mark.req("S2-26")
def test_yookassas_202_is_not_an_answer(simulators: Simulators) -> None:
    provider, same, key = connected("yookassa"), intent("yookassa"), str(uuid7())
    simulators.fault("yookassa", "processing")
    with pytest.raises(ProviderUnknown) as unknown:
        provider.create(same, idempotency_key=key)
    assert unknown.value.code == "processing"
    assert provider.find(same, idempotency_key=key).kind == "qr"


@pytest.mark.req("S2-26")
def test_where_yookassas_notifications_come_from() -> None:
    for address in ("185.71.76.1", "77.75.154.200", "77.75.156.35", "2a02:5180::5", "::ffff:185.71.77.3"):
        assert is_theirs(address, is_simulated=False)
    for foreign in ("127.0.0.1", "185.71.78.1", "77.75.156.12", "10.0.0.1", "", None, "x"):
        assert not is_theirs(foreign, is_simulated=False)
    assert is_theirs("127.0.0.1", is_simulated=True) and not is_theirs("185.71.76.1", is_simulated=True)


@pytest.mark.req("F43")
def test_an_old_attempt_is_not_repeated() -> None:
    key, now = str(uuid7()), timezone.now()
    refuse_old_key(key, now, timedelta(hours=5))
    with pytest.raises(ProviderUnknown) as unknown:
        refuse_old_key(key, now + timedelta(hours=6), timedelta(hours=5))
    assert unknown.value.code == "key_forgotten"


def got(paid: str, *states: str, asked: str = "0.01", currency: str = "BTC") -> Received:
    return Received(
        asked=Money(Decimal(asked), currency), due=Decimal("0.01"), paid=Decimal(paid), states=states
    )


@pytest.mark.req("S2-24")
@pytest.mark.parametrize(
    ("status", "additional", "received", "policy", "expected"),
    [
        ("New", "PaidPartial", got("0.004", "Processing"), Policy(), ("pending", "0", "")),
        ("Processing", "None", got("0.01", "Processing"), Policy(), ("processing", "0", "")),
        ("Settled", "None", got("0.01", "Settled"), Policy(), ("succeeded", "0.01", "")),
        ("Settled", "PaidOver", got("0.015", "Settled"), Policy(), ("succeeded", "0.015", "")),
        ("Settled", "PaidOver", got("0.015", "Settled"), Policy(over="asked"), ("succeeded", "0.01", "")),
        ("Settled", "PaidOver", got("1.01", "Settled", "Processing"), Policy(), ("processing", "0", "")),
        ("Settled", "Marked", got("0"), Policy(), ("succeeded", "0.01", "")),
        ("Expired", "None", got("0"), Policy(), ("cancelled", "0", "expired")),
        ("Expired", "PaidPartial", got("0.004", "Settled"), Policy(), ("succeeded", "0.004", "")),
        ("Expired", "PaidPartial", got("0.004", "Processing"), Policy(), ("processing", "0", "")),
        ("Expired", "PaidPartial", got("0.004", "Settled"), Policy(partial="refuse"), ("failed", "0", "underpaid")),
        ("Expired", "PaidLate", got("0.01", "Settled"), Policy(), ("succeeded", "0.01", "")),
        ("Expired", "PaidLate", got("0.01", "Settled"), Policy(late="refuse"), ("failed", "0", "paid_late")),
        ("Expired", "PaidLate", got("0.01", "Settled", asked="600", currency="EUR"), Policy(), ("failed", "0", "paid_late")),
        ("Invalid", "None", got("0.01", "Invalid"), Policy(), ("failed", "0", "double_spent")),
        ("Invalid", "Marked", got("0"), Policy(), ("cancelled", "0", "cancelled")),
        ("Expired", "PaidPartial", got("0.00333333", "Settled", asked="600.00", currency="EUR"), Policy(),
         ("succeeded", "199.99", "")),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)  # fmt: skip
def test_what_counts_of_coins(
    status: str, additional: str, received: Received, policy: Policy, expected: tuple[str, str, str]
) -> None:
    state, money, failure = judged(status, additional, received, policy)
    assert (state, money.amount, failure) == (expected[0], Decimal(expected[1]), expected[2])


@pytest.mark.django_db
@pytest.mark.req("S2-24")
def test_a_late_and_a_partial_payment_in_coins(simulators: Simulators) -> None:
    provider = connected("btcpay")
    late, part = (
        provider.create(intent("btcpay", "0.01"), idempotency_key=str(uuid7())).reference for _ in "12"
    )
    for reference, percent in ((late, 100), (part, 40)):
        simulators.control("btcpay/expire", id=reference)
        assert provider.fetch(ObjectKind.PAYMENT, reference).state == "cancelled"
        simulators.control("btcpay/pay", id=reference, percent=percent)
        assert provider.fetch(ObjectKind.PAYMENT, reference).state == "processing"
        simulators.control("btcpay/confirm", id=reference, blocks=1)
    assert provider.fetch(ObjectKind.PAYMENT, late).money.amount == Decimal("0.01")
    assert provider.fetch(ObjectKind.PAYMENT, part).money.amount == Decimal("0.004")
