"""S4's Stripe service: three methods, and what belongs to them, in the process and over a socket."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import stripe

from billing.payments.providers.base import Account, ProviderRefused, ProviderUnknown, ProviderUnreachable
from billing.payments.providers.stripe import client as stripe_client
from billing.payments.providers.stripe.service import StripeService, StripeSubscription
from billing.payments.simulators import stripe_keys
from shared_apps.core.money import Money
from shared_apps.users.models import User

from .conftest import Remote

USER = User(pk=7, email="ann@example.com", first_name="Ann", last_name="Ames")


@pytest.fixture
def service(account: Account) -> StripeService:
    return StripeService(account, tenant_id=3)


def usd(amount: str) -> Money:
    return Money(Decimal(amount), "USD")


def price(service: StripeService, amount: str = "35.00", key: str = "starter-v1") -> str:
    return service.ensure_price(
        lookup_key=key, product_name="Starter", money=usd(amount), interval="day", interval_count=35
    )


def begun(service: StripeService, **more: datetime) -> StripeSubscription:
    customer = service.create_customer(USER, idempotency_key=f"customer-{uuid4()}")
    return service.create_subscription(customer, price(service), idempotency_key=str(uuid4()), **more)


def active(service: StripeService, remote: Remote) -> StripeSubscription:
    waiting = begun(service)
    assert remote.browser(waiting.invoice_url, number="4242 4242 4242 4242").status_code == 200
    return service.subscription(waiting.reference)


@pytest.mark.req("S4-75", "S3-97")
def test_a_customer_carries_our_numbers(service: StripeService, remote: Remote) -> None:
    made = service.create_customer(USER, idempotency_key="customer-7")
    assert service.create_customer(USER, idempotency_key="customer-7") == made
    found = remote.client().customers.retrieve(made)
    assert (found.email, found.name) == ("ann@example.com", "Ann Ames")
    assert found.metadata.to_dict() == {"user_id": "7", "tenant_id": "3"}


@pytest.mark.req("S4-76", "C19", "C8", "F41")
def test_a_subscription_waits_for_its_first_payment(service: StripeService, remote: Remote) -> None:
    waiting = begun(service)
    assert waiting.state == "incomplete" and "_secret_" in waiting.client_secret
    assert waiting.period_end is not None and waiting.period_start is not None
    assert waiting.period_end - waiting.period_start == timedelta(days=35)
    assert "declined" in remote.browser(waiting.invoice_url, number="4000 0000 0000 0341").text
    assert service.subscription(waiting.reference).state == "incomplete"
    remote.browser(waiting.invoice_url, number="4242 4242 4242 4242")
    paid = service.subscription(waiting.reference)
    assert (paid.state, paid.client_secret) == ("active", "")


@pytest.mark.req("S4-77", "C19", "F41")
def test_it_is_cancelled_with_its_period_or_at_once(service: StripeService, remote: Remote) -> None:
    first, second = active(service, remote), active(service, remote)
    ending = service.cancel_subscription(first.reference)
    assert (ending.state, ending.cancel_at) == ("active", first.period_end)
    assert service.keep_subscription(first.reference).cancel_at is None
    assert service.cancel_subscription(second.reference, at_period_end=False).state == "canceled"
    with pytest.raises(ProviderRefused) as refused:
        service.cancel_subscription(second.reference, at_period_end=False)
    assert refused.value.code == "not_found"


@pytest.mark.req("F42")
def test_a_change_costs_what_its_preview_said(service: StripeService, remote: Remote) -> None:
    current = active(service, remote)
    better = price(service, "99.00", "pro-v1")
    remote.forward(days=10)
    assert current.period_start is not None
    at = current.period_start + timedelta(days=10)
    preview = service.preview_change(current.reference, better, quantity=2, at=at)
    changed = service.change_price(current.reference, better, quantity=2, at=at, idempotency_key="change-1")
    (charged, *_) = remote.client().invoices.list({"subscription": current.reference}).data
    assert (changed.price, charged.total, charged.status) == (better, preview.minor_units(), "paid")
    assert preview == usd("116.43")  # 25/35 of 2 x 99.00, less 25/35 of 35.00


def test_it_pauses_and_resumes(service: StripeService, remote: Remote) -> None:
    current = active(service, remote)
    assert service.pause_subscription(current.reference, idempotency_key="pause-1").state == "paused"
    remote.forward(days=50)
    resumed = service.resume_subscription(current.reference, idempotency_key="resume-1")
    assert resumed.state == "active" and resumed.period_start != current.period_start


def test_a_trial_keeps_a_card(service: StripeService, remote: Remote) -> None:
    trial = begun(service, trial_end=datetime.now(UTC) + timedelta(days=14))
    assert trial.state == "trialing" and trial.client_secret.startswith("seti_")


def test_prices_are_found_again_and_never_change(service: StripeService) -> None:
    assert price(service) == price(service)
    with pytest.raises(ProviderRefused) as refused:
        price(service, "36.00")
    assert refused.value.code == "price_changed"


@pytest.mark.req("S3-99", "S3-97")
def test_cards_are_kept_listed_chosen_and_forgotten(service: StripeService, remote: Remote) -> None:
    customer = service.create_customer(USER, idempotency_key="c-1")
    stranger = service.create_customer(USER, idempotency_key="c-2")
    reference, secret = service.begin_saving(customer, idempotency_key="save-1")
    assert secret.startswith(reference)
    page = service.saving_page(
        customer, currency="USD", return_url="https://acme.example.com/", idempotency_key="s-2"
    )
    question = remote.browser(page, number="4000 0025 0000 3155", expiry="11/31").headers["location"]
    assert service.saved_methods(customer) == []
    remote.browser(question, verdict="pass")
    (card,) = service.saved_methods(customer)
    assert (card.customer, card.brand, card.last4, card.expires_year) == (customer, "visa", "3155", 2031)
    service.use_by_default(customer, card.reference)
    with pytest.raises(ProviderRefused):
        service.use_by_default(stranger, card.reference)
    with pytest.raises(ProviderRefused):
        service.remove_method(stranger, card.reference)
    for _ in range(2):
        service.remove_method(customer, card.reference)
    assert service.saved_methods(customer) == []


def test_the_portal(service: StripeService, remote: Remote) -> None:
    customer = service.create_customer(USER, idempotency_key="c-1")
    page = service.portal_url(customer, return_url="https://acme.example.com/")
    assert "https://acme.example.com/" in remote.browser(page).text


@pytest.mark.parametrize(
    ("kind", "error", "code"),
    [
        ("timeout_after", ProviderUnknown, "no_answer"),
        ("cut_after", ProviderUnknown, "no_answer"),
        ("garbage_after", ProviderUnknown, "no_answer"),
        ("garbage", ProviderUnknown, "no_answer"),
        ("error_500", ProviderUnknown, "no_answer"),
        ("rate_limit", ProviderUnreachable, "rate_limited"),
    ],
)
def test_what_is_certain_after_each_fault(
    service: StripeService, remote: Remote, kind: str, error: type[Exception], code: str
) -> None:
    remote.wire.timeout = 0.5
    remote.fault(kind, "/v1/customers")
    with pytest.raises(error) as caught:
        service.create_customer(USER, idempotency_key="c-1")
    assert caught.value.code == code  # type: ignore[attr-defined]
    service.create_customer(USER, idempotency_key="c-1")
    assert len(remote.client().customers.list().data) == 1


def test_a_key_under_way_is_unknown_and_a_wrong_key_is_refused(
    service: StripeService, remote: Remote, monkeypatch: pytest.MonkeyPatch, account: Account
) -> None:
    remote.control("stripe/hold_key", key=remote.key, idempotency_key="c-9")
    with pytest.raises(ProviderUnknown) as caught:
        service.create_customer(USER, idempotency_key="c-9")
    assert caught.value.code == "in_progress"
    monkeypatch.setattr(stripe_keys, "derived", lambda *_parts: "00")
    with pytest.raises(ProviderRefused) as refused:
        StripeService(account, tenant_id=3).create_customer(USER, idempotency_key="c-10")
    assert refused.value.code == "credentials"


def test_nothing_is_sent_without_a_simulator(account: Account, settings: object) -> None:
    settings.SIMULATOR_URL = ""  # type: ignore[attr-defined]
    with pytest.raises(ProviderUnreachable):
        StripeService(account, tenant_id=None)


def test_a_real_account_goes_to_stripe_with_its_own_key_and_no_global_one() -> None:
    secrets = {"secret_key": "sk_test_of_acme_1234", "webhook_secret": "whsec_acme_1234"}
    real = Account(
        configuration_id=uuid4(), is_simulated=False, secrets=secrets, settings={"public_key": "pk_test_x"}
    )
    made = stripe_client.connect(real)
    assert made._requestor.api_key == "sk_test_of_acme_1234"
    assert made._requestor._options.base_addresses["api"] == "https://api.stripe.com"
    assert made._requestor._options.stripe_version == "2026-10-28.endive"
    assert made._requestor._options.max_network_retries == 0
    assert stripe_client.webhook_secret(real) == "whsec_acme_1234"
    assert stripe.api_key is None
