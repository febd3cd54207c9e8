"""Two at once, for every way that money moves: nothing is lost, nothing moves twice, nobody waits for ever."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from billing.payments import events
from billing.payments.models import Payout
from shared_apps.access.actors import Actor
from shared_apps.core import options
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import DomainError
from shared_apps.core.events import emit
from shared_apps.core.money import Money
from shared_apps.ledger import queries as ledger_queries
from shared_apps.tenants.models import Tenant
from tenant_apps.wallet import options as wallet_options
from tenant_apps.wallet import services
from tenant_apps.wallet.models import Deposit, Withdrawal
from tests.wallet.conftest import acts, available, bank_of, eur, fund, held, iban_of, member_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]


@pytest.fixture
def house() -> Any:
    """Acme with a bank account, committed."""
    with platform_context():
        tenant = Tenant.objects.get(slug="acme")
    with tenant_context(tenant):
        yield bank_of(tenant), tenant
        assert ledger_queries.recompute() == []
        assert set(ledger_queries.totals().values()) <= {0}


def at_once(tenant: Tenant, calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each call came to, its error's code if it was refused; all begin together."""
    found: list[Any] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(number: int) -> None:
        try:
            with tenant_context(tenant), audit_context(actor_label="test"):
                connection.ensure_connection()
                gate.wait()
                try:
                    found[number] = calls[number]()
                except DomainError as error:
                    found[number] = error.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive(), "somebody waits for ever"
    return found


def requested(actor: Actor, destination: Any, amount: str, key: str) -> str:
    return services.request_withdrawal(
        actor=actor, destination_id=destination.pk, money=eur(amount), key=key
    ).state


@pytest.mark.req("F44", "S1-10")
def test_240_withdrawals_of_70_that_are_there(house: tuple[Any, Tenant]) -> None:
    """Six threads ask 240 times for one euro of seventy: seventy get it."""
    _bank, tenant = house
    fund("trader", "70.00")
    destination, actor = iban_of("trader"), acts("trader")

    def forty() -> list[str]:
        codes = []
        for _each in range(40):
            try:
                codes.append(requested(actor, destination, "1.00", str(uuid4())))
            except DomainError as error:
                codes.append(error.code)
        return codes

    began = time.monotonic()
    found = Counter(code for codes in at_once(tenant, [forty] * 6) for code in codes)
    assert found == {"waiting": 70, "wallet.insufficient_funds": 170}
    assert (available("trader"), held("trader"), Withdrawal.objects.count()) == ("0.00", 7000, 70)
    assert time.monotonic() - began < 20


def test_the_same_key_at_once_is_one_withdrawal(house: tuple[Any, Tenant]) -> None:
    _bank, tenant = house
    fund("trader", "70.00")
    destination, actor = iban_of("trader"), acts("trader")
    found = at_once(tenant, [lambda: requested(actor, destination, "50.00", "once")] * 4)
    assert found == ["waiting"] * 4
    assert (held("trader"), Withdrawal.objects.count()) == (5000, 1)


@pytest.mark.req("S1-15", "F49")
def test_a_deposit_that_is_told_twice_at_once(house: tuple[Any, Tenant]) -> None:
    bank, tenant = house
    deposit = services.begin_deposit(
        actor=acts("trader"), configuration_id=bank.pk, money=eur("25.00"), key="k", return_url="http://x/"
    )
    event = events.PaymentSucceeded(
        payment_id=deposit.payment_id, purpose="deposit", reference=str(deposit.pk), provider="manual",
        configuration_id=bank.pk, user_id=None, currency="EUR", minor_units=2500, key="manual:1:succeeded",
    )  # fmt: skip

    def tell() -> None:
        with transaction.atomic():
            emit(event)

    assert at_once(tenant, [tell] * 4) == [None] * 4
    assert available("trader") == "25.00"
    assert Deposit.objects.get().credited_units == 2500


@pytest.mark.req("F45")
def test_approvals_at_once_send_once(house: tuple[Any, Tenant]) -> None:
    _bank, tenant = house
    fund("trader", "70.00")
    with options.values({wallet_options.FOUR_EYES_ABOVE: Decimal(10)}):
        withdrawal = services.request_withdrawal(
            actor=acts("trader"), destination_id=iban_of("trader").pk, money=eur("60.00"), key="w"
        )
    people = [acts(who) for who in ("owner", "staff", "owner", "staff")]
    found = at_once(
        tenant,
        [
            lambda who=who: services.approve_withdrawal(actor=who, withdrawal_id=withdrawal.pk).state
            for who in people
        ],
    )
    assert found.count("waiting") == found.count("sending") == 1
    assert set(found) <= {"waiting", "sending", "withdrawal.decided", "withdrawal.approved_twice"}
    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.decisions.count()) == ("sending", 2)
    with platform_context():
        assert Payout.objects.count() == 1


@pytest.mark.req("F45")
def test_approving_rejecting_and_taking_back_at_once(house: tuple[Any, Tenant]) -> None:
    _bank, tenant = house
    fund("trader", "70.00")
    destination = iban_of("trader")
    owner, staff, trader = acts("owner"), acts("staff"), acts("trader")
    for number in range(4):
        pk = services.request_withdrawal(
            actor=trader, destination_id=destination.pk, money=eur("10.00"), key=f"w{number}"
        ).pk
        found = at_once(
            tenant,
            [
                lambda pk=pk: services.approve_withdrawal(actor=owner, withdrawal_id=pk).state,
                lambda pk=pk: services.reject_withdrawal(actor=staff, withdrawal_id=pk, reason="no").state,
                lambda pk=pk: services.cancel_withdrawal(actor=trader, withdrawal_id=pk).state,
            ],
        )
        done = [each for each in found if each in ("sending", "rejected", "cancelled")]
        assert len(done) == 1, found
        assert Withdrawal.objects.get(pk=pk).state == done[0]
    sent = Withdrawal.objects.filter(state="sending").count()
    assert (held("trader"), available("trader")) == (
        sent * 1000,
        str(Decimal(70 - 10 * sent).quantize(Decimal("0.01"))),
    )
    with platform_context():
        assert Payout.objects.count() == sent


@pytest.mark.req("F45")
def test_a_payout_that_is_told_twice_at_once(house: tuple[Any, Tenant]) -> None:
    bank, tenant = house
    fund("trader", "70.00")
    withdrawal = services.request_withdrawal(
        actor=acts("trader"), destination_id=iban_of("trader").pk, money=eur("60.00"), key="w"
    )
    services.approve_withdrawal(actor=acts("owner"), withdrawal_id=withdrawal.pk)
    facts: dict[str, Any] = {
        "payout_id": uuid4(), "purpose": "withdrawal", "reference": str(withdrawal.pk),
        "provider": "manual", "configuration_id": bank.pk, "user_id": None, "currency": "EUR",
        "minor_units": 6000,
    }  # fmt: skip

    def tell(event: Any) -> None:
        with transaction.atomic():
            emit(event)

    settled = events.PayoutSettled(key="manual:1:settled", **facts)
    at_once(tenant, [lambda: tell(settled)] * 3)
    withdrawal.refresh_from_db()
    assert (withdrawal.state, available("trader"), held("trader")) == ("paid", "10.00", 0)
    failed = events.PayoutFailed(key="manual:1:failed", code="closed", was_settled=True, **facts)
    at_once(tenant, [lambda: tell(failed)] * 3)
    withdrawal.refresh_from_db()
    assert (withdrawal.state, withdrawal.reason, available("trader")) == ("returned", "closed", "70.00")


@pytest.mark.req("F44")
def test_transfers_both_ways_do_not_wait_for_each_other(house: tuple[Any, Tenant]) -> None:
    _bank, tenant = house
    fund("trader", "50.00")
    fund("buyer", "50.00")
    people = {who: (acts(who), member_of(who).pk) for who in ("trader", "buyer")}

    def fifteen(sender: str, recipient: str) -> list[str]:
        codes = []
        for _each in range(15):
            try:
                services.send_transfer(
                    actor=people[sender][0],
                    recipient=people[recipient][1],
                    money=eur("5.00"),
                    key=str(uuid4()),
                )
            except DomainError as error:
                codes.append(error.code)
        return codes

    ways = [("trader", "buyer"), ("buyer", "trader")] * 2
    found = at_once(tenant, [lambda way=way: fifteen(*way) for way in ways])
    assert {code for codes in found for code in codes} <= {"wallet.insufficient_funds"}
    total = Money.parse(available("trader"), "EUR") + Money.parse(available("buyer"), "EUR")
    assert str(total.amount) == "100.00"


@pytest.mark.req("F44")
def test_a_debt_is_paid_once_by_two_at_once(house: tuple[Any, Tenant]) -> None:
    bank, tenant = house
    deposit = services.begin_deposit(
        actor=acts("trader"), configuration_id=bank.pk, money=eur("25.00"), key="k", return_url="http://x/"
    )
    facts: dict[str, Any] = {
        "payment_id": deposit.payment_id, "purpose": "deposit", "reference": str(deposit.pk),
        "provider": "manual", "configuration_id": bank.pk, "user_id": None, "currency": "EUR",
        "minor_units": 2500,
    }  # fmt: skip
    trader = member_of("trader").pk
    with transaction.atomic():
        emit(events.PaymentSucceeded(key="a", **facts))
        services.charge(member_id=trader, money=eur("25.00"), key="spent", kind="fee")
        emit(events.PaymentDisputed(key="b", dispute_id=uuid4(), **facts))

    def bonus() -> None:
        with transaction.atomic():
            services.give(member_id=trader, money=eur("20.00"), key=str(uuid4()), kind="bonus")

    at_once(tenant, [bonus] * 4)
    with transaction.atomic():
        services.settle_debt(member_id=trader, currency="EUR")
    assert available("trader") == "55.00"
    assert sum(ledger_queries.totals().values()) == 0
