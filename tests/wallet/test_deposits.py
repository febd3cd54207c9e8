"""Money in: credited once, whatever is told how often, and taken back when it is called back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from billing.payments import events
from billing.payments.models import Payment, PaymentGatewayConfig
from billing.payments.providers.base import provider_type
from billing.payments.services import staff
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError, UnprocessableError
from shared_apps.core.events import emit
from shared_apps.core.money import Money
from shared_apps.tenants.models import Tenant
from tenant_apps.wallet import queries, services
from tenant_apps.wallet.models import Deposit, PayoutDestination
from tests.wallet.conftest import (
    BITCOIN,
    acts,
    available,
    bank_of,
    eur,
    fund,
    held,
    iban_of,
    member_of,
    owed,
    told,
)

pytestmark = pytest.mark.django_db


def begin(bank: PaymentGatewayConfig, amount: str = "25.00", key: str = "", who: str = "trader") -> Deposit:
    return services.begin_deposit(
        actor=acts(who),
        configuration_id=bank.pk,
        money=eur(amount),
        key=key or str(uuid4()),
        return_url="http://acme.localhost/wallet/",
    )


def tell(deposit: Deposit, kind: type[Any], transition: str, units: int = 2500, **more: Any) -> None:
    """What billing tells when it has seen something."""
    fields = {
        "payment_id": deposit.payment_id, "purpose": "deposit", "reference": str(deposit.pk),
        "provider": deposit.provider, "configuration_id": deposit.configuration_id, "user_id": 1,
        "currency": deposit.currency, "minor_units": units,
        "key": f"test:{deposit.payment_id}:{transition}",
    }  # fmt: skip
    with transaction.atomic():
        emit(kind(**(fields | more)))
    deposit.refresh_from_db()


def succeed(deposit: Deposit, units: int = 2500) -> None:
    tell(deposit, events.PaymentSucceeded, "succeeded", units)


def dispute(deposit: Deposit, units: int = 2500, name: str = "disputed") -> None:
    tell(deposit, events.PaymentDisputed, name, units, dispute_id=uuid4())


@pytest.mark.req("S1-12", "S1-15", "S2-27")
def test_a_transfer_that_staff_have_seen_is_credited_once(bank: PaymentGatewayConfig) -> None:
    deposit = begin(bank)
    step = services.start_deposit(deposit)
    assert (step.kind, step.details["account_holder"]) == ("transfer", "Acme Ltd")
    assert (deposit.state, deposit.is_simulated, available("trader")) == ("pending", True, "0.00")
    assert deposit.payment_id
    staff.confirm_transfer(actor=acts("owner"), kind="payment", object_id=deposit.payment_id, happened=True)
    deposit.refresh_from_db()
    assert (deposit.state, deposit.credited_units, available("trader")) == ("succeeded", 2500, "25.00")
    with platform_context():
        succeeded = Payment.objects.get(pk=deposit.payment_id)
    succeed_again = {"key": f"manual:{succeeded.provider_reference}:succeeded"}
    tell(deposit, events.PaymentSucceeded, "", 2500, **succeed_again)
    assert available("trader") == "25.00" and len(told("deposit_credited")) == 1
    assert queries.withdrawable_units(member_of("trader").pk, "EUR") == 2500


def test_what_arrived_counts_not_what_was_asked(bank: PaymentGatewayConfig) -> None:
    deposit = begin(bank)
    succeed(deposit, 2417)
    assert (deposit.credited_units, available("trader")) == (2417, "24.17")


@pytest.mark.req("S1-15")
def test_a_payment_may_come_late(bank: PaymentGatewayConfig) -> None:
    deposit = begin(bank)
    failed = {"code": "expired", "message": "Nobody paid."}
    for _twice in range(2):
        tell(deposit, events.PaymentFailed, "failed", **failed)
    assert (deposit.state, deposit.reason, available("trader")) == ("failed", "Nobody paid.", "0.00")
    assert len(told("deposit_failed")) == 1
    succeed(deposit)
    assert (deposit.state, available("trader")) == ("succeeded", "25.00")


@pytest.mark.req("S1-15", "S1-17")
def test_a_late_failure_takes_it_away(bank: PaymentGatewayConfig) -> None:
    deposit = begin(bank)
    succeed(deposit)
    for _twice in range(2):
        tell(deposit, events.PaymentFailed, "failed", code="returned", message="Came back.")
    assert (deposit.state, available("trader"), owed("trader")) == ("returned", "0.00", 0)
    assert [row["why"] for row in told("deposit_returned")] == ["late_failure"]


@pytest.mark.req("F44", "S1-17")
def test_what_was_spent_becomes_a_debt_that_new_money_pays(bank: PaymentGatewayConfig) -> None:
    trader = member_of("trader").pk
    deposit = begin(bank)
    succeed(deposit)
    with transaction.atomic():
        services.charge(member_id=trader, money=eur("20.00"), key="spent", kind="fee")
    for _twice in range(2):
        dispute(deposit)
    assert (available("trader"), owed("trader")) == ("0.00", 2000)
    assert [row["owed"] for row in told("deposit_returned")] == [2000]
    purse = queries.purses(queries.visible_accounts(acts("trader")).filter(owner=trader))[0]
    assert purse.owed == 2000
    with transaction.atomic():
        services.give(member_id=trader, money=eur("5.00"), key="bonus", kind="bonus")
    assert (available("trader"), owed("trader")) == ("0.00", 1500)
    second = begin(bank, "30.00")
    succeed(second, 3000)
    assert (available("trader"), owed("trader")) == ("15.00", 0)


@pytest.mark.req("S1-17")
def test_who_owes_takes_nothing_out(bank: PaymentGatewayConfig) -> None:
    deposit = begin(bank)
    succeed(deposit)
    waiting = services.request_withdrawal(
        actor=acts("trader"), destination_id=iban_of("trader").pk, money=eur("25.00"), key="w"
    )
    dispute(deposit)
    assert (held("trader"), owed("trader")) == (2500, 2500)
    with pytest.raises(DomainError) as debt:
        services.approve_withdrawal(actor=acts("owner"), withdrawal_id=waiting.pk)
    assert debt.value.code == "wallet.in_debt"
    services.reject_withdrawal(actor=acts("owner"), withdrawal_id=waiting.pk, reason="Called back")
    assert (available("trader"), owed("trader")) == ("0.00", 0)


@pytest.mark.req("S1-17")
def test_a_dispute_that_is_won_gives_it_back(bank: PaymentGatewayConfig) -> None:
    deposit = begin(bank)
    succeed(deposit)
    dispute(deposit)
    assert (deposit.state, available("trader")) == ("returned", "0.00")
    for _twice in range(2):
        tell(deposit, events.DisputeClosed, "won", won=True, dispute_id=uuid4())
    assert (deposit.state, deposit.returned_units, available("trader")) == ("succeeded", 0, "25.00")
    other = begin(bank, "10.00")
    succeed(other, 1000)
    dispute(other, 1000)
    tell(other, events.DisputeClosed, "lost", 1000, won=False, dispute_id=uuid4())
    assert (other.state, available("trader")) == ("returned", "25.00")


@pytest.mark.req("S1-15")
def test_refunds_in_parts_and_one_that_fails_later(bank: PaymentGatewayConfig) -> None:
    deposit = begin(bank)
    succeed(deposit)
    for name in ("first", "second"):
        tell(deposit, events.PaymentRefunded, name, 1000, refund_id=uuid4())
    assert (deposit.state, deposit.returned_units, available("trader")) == ("succeeded", 2000, "5.00")
    tell(deposit, events.RefundFailed, "back", 1000, refund_id=uuid4(), code="closed", was_refunded=True)
    tell(deposit, events.RefundFailed, "no", 500, refund_id=uuid4(), code="closed", was_refunded=False)
    assert (deposit.returned_units, available("trader")) == (1000, "15.00")


@pytest.mark.req("S1-17")
def test_money_from_cards_stays_for_a_while(
    bank: PaymentGatewayConfig, monkeypatch: pytest.MonkeyPatch, settle: Callable[..., None]
) -> None:
    fund("trader", "10.00")
    deposit = begin(bank)
    monkeypatch.setattr(queries, "may_be_called_back", lambda provider: True)
    succeed(deposit)
    trader = member_of("trader").pk
    assert (available("trader"), queries.withdrawable_units(trader, "EUR")) == ("35.00", 1000)
    place = iban_of("trader")
    with pytest.raises(UnprocessableError) as fresh:
        services.request_withdrawal(
            actor=acts("trader"), destination_id=place.pk, money=eur("10.01"), key="w"
        )
    assert fresh.value.code == "wallet.insufficient_funds"
    with pytest.raises(UnprocessableError):
        services.send_transfer(
            actor=acts("trader"), recipient=member_of("buyer").pk, money=eur("10.01"), key="t"
        )
    with transaction.atomic():  # it may be spent here
        services.charge(member_id=trader, money=eur("30.00"), key="c", kind="fee")
    assert queries.withdrawable_units(trader, "EUR") == 0
    with transaction.atomic():
        Deposit.objects.update(withdrawable_from=timezone.now() - timedelta(seconds=1))
    assert queries.withdrawable_units(trader, "EUR") == 500
    (purse,) = queries.purses(queries.visible_accounts(acts("trader")).filter(owner=trader))
    assert purse.withdrawable == 500


def test_which_payments_can_be_called_back() -> None:
    callable_back = {
        name: queries.may_be_called_back(name) for name in ("manual", "btcpay", "yookassa", "stripe")
    }
    assert callable_back == {"manual": False, "btcpay": False, "yookassa": False, "stripe": True}
    assert queries.may_be_called_back("paypal")


@pytest.mark.req("S1-16", "S2-24", "S2-26")
@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("iban", {"address": "DE89370400440532013000", "holder": "Ann", "bank": ""}),
        ("paypal", {"address": "ann@example.org", "holder": "", "bank": ""}),
        ("crypto", {"address": BITCOIN, "holder": "", "bank": ""}),
        ("sbp", {"address": "+79161234567", "holder": "", "bank": "100000000111"}),
    ],
    ids=["iban", "paypal", "crypto", "sbp"],
)
def test_providers_understand_our_destinations(kind: str, told: dict[str, str]) -> None:
    check = provider_type(queries._PAYERS[kind]).check_destination
    assert check is not None and check(queries.payout_fields(kind, told))[0]


BAD: dict[str, tuple[dict[str, Any], type[DomainError], str]] = {
    "zero": ({"money": eur("0")}, DomainError, "wallet.not_positive"),
    "negative": ({"money": eur("-5")}, DomainError, "wallet.not_positive"),
    "too fine": ({"money": eur("5.001")}, DomainError, "wallet.too_fine"),
    "too little": ({"money": eur("0.99")}, DomainError, "wallet.too_little"),
    "over the day's limit": ({"money": eur("5000.01")}, UnprocessableError, "wallet.over_limit"),
    "unchecked": ({"money": eur("1000.01")}, ForbiddenError, "wallet.identity_needed"),
    "no wallet has it": ({"money": Money(eur("5").amount, "JPY")}, DomainError, "wallet.currency"),
    "not taken": ({"money": Money(eur("5").amount, "GBP")}, NotFoundError, "wallet.no_way"),
    "no such account": ({"configuration_id": UUID(int=1)}, NotFoundError, "wallet.no_way"),
}


@pytest.mark.req("S1-15", "S1-17")
@pytest.mark.parametrize("name", BAD)
def test_bad_requests_are_clear_and_begin_nothing(bank: PaymentGatewayConfig, name: str) -> None:
    changes, kind, code = BAD[name]
    given = {"configuration_id": bank.pk, "money": eur("5"), "key": "k", "return_url": "http://x/"} | changes
    with pytest.raises(kind) as error:
        services.begin_deposit(actor=acts("trader"), **given)
    assert error.value.code == code
    with platform_context():
        assert not Payment.objects.exists()
    assert not Deposit.objects.exists()


@pytest.mark.req("S1-15")
def test_the_same_key_is_one_deposit(bank: PaymentGatewayConfig) -> None:
    first = begin(bank, key="once")
    assert begin(bank, key="once").pk == first.pk
    with pytest.raises(UnprocessableError):
        begin(bank, "26.00", key="once")
    with platform_context():
        assert Payment.objects.count() == 1


def test_another_organisations_account_takes_nothing(in_acme: Tenant) -> None:
    with platform_context():
        globex = Tenant.objects.get(slug="globex")
    theirs = bank_of(globex)
    with pytest.raises(NotFoundError):
        begin(theirs)
    with platform_context(), transaction.atomic():
        PaymentGatewayConfig.objects.filter(pk=theirs.pk).update(tenant=None)
    with pytest.raises(NotFoundError):  # nor does the platform's own: it bills organisations
        begin(theirs)


def test_payments_of_others_are_left_alone(bank: PaymentGatewayConfig) -> None:
    deposit = begin(bank)
    tell(deposit, events.PaymentSucceeded, "x", purpose="order")
    tell(deposit, events.PaymentSucceeded, "y", reference="deposit:1")
    assert (deposit.state, available("trader")) == ("pending", "0.00")


def test_destinations_are_one_s_own_and_sealed(in_acme: Tenant) -> None:
    place = iban_of("trader", cooled=False)
    assert "37040044" not in place.address and place.usable_from > timezone.now() + timedelta(hours=23)
    with pytest.raises(DomainError) as known:
        iban_of("trader")
    assert known.value.code == "destination.known"
    for who in ("buyer", "owner"):
        with pytest.raises(NotFoundError):
            services.remove_destination(actor=acts(who), destination_id=place.pk)
    for kind, address, field in (
        ("iban", "DE89370400440532013001", "address"),
        ("pigeon", "x", "kind"),
        ("crypto", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3", "address"),
    ):
        with pytest.raises(DomainError) as wrong:
            services.add_destination(actor=acts("trader"), kind=kind, label="", address=address, holder="Ann")
        assert wrong.value.field == field
    assert PayoutDestination.objects.count() == 1
    services.remove_destination(actor=acts("trader"), destination_id=place.pk)
    assert not queries.own_destinations(acts("trader")).exists()
    assert iban_of("trader").pk != place.pk


def test_only_so_many_destinations(in_acme: Tenant, settle: Callable[..., None]) -> None:
    settle(DESTINATIONS_AT_MOST=1)
    iban_of("trader")
    with pytest.raises(DomainError) as many:
        services.add_destination(actor=acts("trader"), kind="paypal", label="", address="a@example.org")
    assert many.value.code == "destination.too_many"
