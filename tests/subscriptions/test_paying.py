"""From the charge to the payment and back: only money decides, to the right account, and it is invoiced."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from celery import current_app
from django.db import transaction

from billing.invoices.models import Invoice
from billing.invoices.options import SELLER_COUNTRY
from billing.payments import services as payments
from billing.payments.events import PaymentSucceeded
from billing.payments.models import GatewayCustomer, Payment, PaymentGatewayConfig, SavedMethod
from billing.payments.services import staff
from billing.subscriptions import services
from billing.subscriptions.models import SubscriptionCharge
from billing.subscriptions.services import paying
from billing.subscriptions.services.invoicing import issue_invoice
from shared_apps.access.actors import Actor
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.core.models import OutboxMessage
from shared_apps.core.options import values
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.payments.conftest import account_of
from tests.subscriptions.shop import DAY, START, Clock, Shop, actor_of
from tests.subscriptions.test_renewing import work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """These actors have no session that could prove anything."""
    current_app.loader.import_default_modules()
    monkeypatch.setattr(staff, "require_recent", lambda actor: None)
    monkeypatch.setattr("billing.subscriptions.services.charges.require_recent", lambda actor: None)


def begin(shop: Shop, charge: SubscriptionCharge | None, account: UUID | None = None) -> Payment:
    assert charge is not None
    return services.begin_paying(
        actor=shop.buyer, charge_id=charge.pk, configuration_id=account,
        return_url="http://acme.localhost/subscription/",
    )  # fmt: skip


def arrives(shop: Shop, payment: Payment, by: Actor | None = None) -> None:
    """The money is in the bank: somebody who may say so says it."""
    payments.start_payment(payment.pk)
    with tenant_context(shop.tenant):
        staff.confirm_transfer(actor=by or shop.seller, kind="payment", object_id=payment.pk, happened=True)


@pytest.mark.req("S0-6", "S0-25", "S4-17")
def test_a_subscriber_pays_the_tenant(shop: Shop, clock: Clock) -> None:
    account_of(shop.tenant)
    shop.connect()
    charge = shop.choose("Basic", method="payment")
    payment = begin(shop, charge)
    assert (payment.purpose, payment.minor_units, payment.currency) == ("subscription", 3_500, "EUR")
    assert payment.reference == str(charge and charge.pk) and payment.tenant_id == shop.tenant.pk
    assert begin(shop, charge).pk == payment.pk, "the same attempt goes on"
    assert shop.contract().status == "trial", "nothing but money decides"
    arrives(shop, payment)
    assert shop.contract().status == "paying" and shop.due == START + 35 * DAY
    with platform_context():
        paid = SubscriptionCharge.objects.get(pk=charge and charge.pk)
    assert (paid.state, paid.payment_id) == ("paid", payment.pk)
    with pytest.raises(ConflictError, match="asked for no more"):
        begin(shop, charge)


def test_a_failed_attempt_leaves_the_charge_and_another_one_follows(shop: Shop, clock: Clock) -> None:
    account_of(shop.tenant)
    shop.connect()
    charge = shop.choose("Basic", method="payment")
    first = payments.start_payment(begin(shop, charge).pk)
    with tenant_context(shop.tenant):
        staff.confirm_transfer(actor=shop.seller, kind="payment", object_id=first.pk, happened=False)
    open_charge = shop.open_charge()
    assert open_charge is not None and open_charge.failure
    second = begin(shop, charge)
    assert second.pk != first.pk and second.retry_of_id == first.pk
    arrives(shop, second)
    assert shop.contract().status == "paying"


@pytest.mark.req("S0-6")
def test_an_organisation_pays_the_platform(platform_shop: Shop, clock: Clock) -> None:
    account = account_of(None)
    account_of(platform_shop.tenant, "Its own")
    charge = platform_shop.choose("Starter", method="payment")
    with pytest.raises(ConflictError):
        own = PaymentGatewayConfig.objects.get(tenant=platform_shop.tenant)
        begin(platform_shop, charge, own.pk)
    payment = begin(platform_shop, charge)
    assert payment.configuration_id == account.pk
    superadmin = actor_of(User.objects.get(email="superadmin@example.com"), None)
    payments.start_payment(payment.pk)
    staff.confirm_transfer(actor=superadmin, kind="payment", object_id=payment.pk, happened=True)
    assert platform_shop.contract().status == "paying"


def test_without_an_account_payment_is_not_offered(shop: Shop) -> None:
    with pytest.raises(DomainError) as caught:
        shop.choose("Basic", method="payment")
    assert caught.value.field == "method"


def test_nobody_pays_another_s_charge(shop: Shop, globex: Tenant) -> None:
    account_of(shop.tenant)
    charge = shop.choose("Basic", method="payment")
    assert charge is not None
    for email, tenant in (("buyer@acme.example.com", shop.tenant), ("owner@globex.example.com", globex)):
        stranger = actor_of(User.objects.get(email=email), tenant)
        with pytest.raises(NotFoundError):
            services.begin_paying(
                actor=stranger, charge_id=charge.pk, configuration_id=None, return_url="http://x/"
            )


@pytest.mark.parametrize("wrong", ["account", "amount", "currency", "purpose", "reference"])
def test_money_that_fits_no_charge_decides_nothing(
    shop: Shop, globex: Tenant, clock: Clock, wrong: str
) -> None:
    """A payment to another tenant's account, of too little, in another currency, for something else."""
    account = account_of(globex if wrong == "account" else shop.tenant)
    if wrong == "account":
        account_of(shop.tenant)
    shop.connect()
    charge = shop.choose("Basic", method="payment")
    assert charge is not None
    event = PaymentSucceeded(
        payment_id=charge.pk, provider="manual", configuration_id=account.pk, user_id=shop.user_id, key="k",
        purpose="deposit" if wrong == "purpose" else "subscription",
        reference="nonsense" if wrong == "reference" else str(charge.pk),
        currency="USD" if wrong == "currency" else "EUR",
        minor_units=3_499 if wrong == "amount" else 3_500,
    )  # fmt: skip
    with tenant_context(shop.tenant), transaction.atomic():
        paying.on_payment_succeeded(event)
    assert shop.contract().status == "trial"


@pytest.mark.req("F41", "F42")
def test_a_renewal_is_collected_by_the_saved_method(shop: Shop, clock: Clock) -> None:
    account = account_of(shop.tenant)
    shop.connect()
    arrives(shop, begin(shop, shop.choose("Basic", method="payment")))
    contract = shop.contract()
    assert (contract.payer_id, contract.method_reference) == (shop.user_id, str(account.pk))
    with platform_context(), transaction.atomic():
        customer = GatewayCustomer.objects.create(
            tenant=shop.tenant, configuration=account, user_id=shop.user_id, reference="cus_1"
        )
        SavedMethod.objects.create(
            tenant=shop.tenant, customer=customer, configuration=account, user_id=shop.user_id,
            reference="pm_1", is_default=True,
        )  # fmt: skip
    clock.set(START + 35 * DAY)
    shop.look()
    charge = shop.open_charge()
    assert charge is not None
    with platform_context():
        payment = Payment.objects.get(reference=str(charge.pk))
        assert payment.saved_method is not None and payment.minor_units == 3_500
        assert OutboxMessage.objects.filter(task="payments.start_payment").count() == 1
        assert not OutboxMessage.objects.filter(kwargs__letter="payment_due").exists(), "nobody is bothered"
    for day in (3, 7):
        clock.set(START + (35 + day) * DAY)
        shop.look()
    with platform_context():
        assert Payment.objects.filter(reference=str(charge.pk)).count() == 1, "it is under way still"


def test_a_charge_is_paid_at_one_account_and_what_comes_twice_is_credit(shop: Shop, clock: Clock) -> None:
    account, other = account_of(shop.tenant), account_of(shop.tenant, "Another bank")
    shop.connect()
    charge = shop.choose("Basic", method="payment")
    assert charge is not None
    first = begin(shop, charge, account.pk)
    with pytest.raises(ConflictError) as refused:
        begin(shop, charge, other.pk)
    assert refused.value.code == "charge.being_paid"
    arrives(shop, first)
    for payment_id in (first.pk, other.pk):
        with platform_context(), transaction.atomic():
            services.charge_paid(charge_id=charge.pk, payment_id=payment_id)
    assert shop.contract().credit == 3_500


@pytest.mark.req("S4-45", "F41")
def test_what_is_paid_is_invoiced_once(shop: Shop, clock: Clock) -> None:
    with values({SELLER_COUNTRY: "DE"}):
        account_of(shop.tenant)
        services.change_plan(
            actor=shop.seller, plan_id=shop.plans["Basic"].pk, changes={"requires_invoice": False}
        )
        shop.connect()
        arrives(shop, begin(shop, shop.choose("Basic", method="payment")))
        assert "subscriptions.issue_invoice" in work()
        with platform_context():
            invoice = Invoice.objects.get()
            charge = SubscriptionCharge.objects.get(state="paid")
        assert (invoice.gross_minor, invoice.state, invoice.payment) == (
            3_500,
            "paid",
            str(charge.payment_id),
        )
        assert charge.invoice_id == invoice.pk
        issue_invoice(charge_id=charge.pk)
        with platform_context():
            assert Invoice.objects.count() == 1


def invoices() -> list[Any]:
    return sorted(Invoice.objects.values_list("kind", "state", "gross_minor"))


@pytest.mark.req("S4-45", "F41")
def test_a_plan_with_invoices_is_invoiced_when_asked_for_and_paid_by_other_ways(
    shop: Shop, clock: Clock
) -> None:
    with values({SELLER_COUNTRY: "DE"}):
        shop.connect()
        dropped = shop.choose("Pro")
        work()
        shop.change("Basic")
        kept = services.amount_due(actor=shop.buyer)
        assert dropped is not None and kept is not None
        work()
        with platform_context():
            assert invoices() == [
                ("credit_note", "paid", 7_000), ("invoice", "credited", 7_000), ("invoice", "open", 3_500),
            ]  # fmt: skip
        services.record_payment(actor=shop.seller, charge_id=kept.pk)
        work()
        with platform_context():
            assert ("invoice", "paid", 3_500) in invoices()
        assert shop.contract().status == "paying"
