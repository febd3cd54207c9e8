"""From member to member, and the steps for apps above."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from shared_apps.access.step_up import StepUpRequired
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, NotFoundError, TooManyRequestsError, UnprocessableError
from shared_apps.core.money import Money
from shared_apps.ledger import codes
from shared_apps.ledger import queries as ledger_queries
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import Session
from tenant_apps.members.models import Member
from tenant_apps.wallet import services
from tenant_apps.wallet.models import Transfer
from tenant_apps.wallet.services import House
from tests.wallet.conftest import acts, available, eur, fund, held, member_of, told

pytestmark = pytest.mark.django_db
BUYER = "buyer@acme.example.com"


def send(amount: str, to: Any = BUYER, key: str = "", who: str = "trader", **more: Any) -> Transfer:
    return services.send_transfer(
        actor=acts(who), recipient=to, money=eur(amount), key=key or str(uuid4()), **more
    )


@pytest.mark.req("S1-12", "S2-27")
def test_it_arrives_at_once_and_once(in_acme: Tenant) -> None:
    fund("trader", "100.00")
    first = send("30.00", key="once", note="Lunch")
    assert send("30.00", key="once").pk == first.pk
    assert (available("trader"), available("buyer")) == ("70.00", "30.00")
    with pytest.raises(UnprocessableError) as reused:
        send("31.00", key="once")
    assert reused.value.code == "idempotency.key_reused"
    send("10.00", to=member_of("buyer").pk)
    assert (available("trader"), available("buyer")) == ("60.00", "40.00")
    assert len(told("transfer_made")) == 2


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "zero": ({"money": eur("0")}, "wallet.not_positive"),
    "negative": ({"money": eur("-1")}, "wallet.not_positive"),
    "too fine": ({"money": eur("0.015")}, "wallet.too_fine"),
    "no such currency": ({"money": Money(eur("1").amount, "JPY")}, "wallet.currency"),
    "more than there is": ({"money": eur("100.01")}, "wallet.insufficient_funds"),
    "over the day's limit": ({"money": eur("2000.01")}, "wallet.over_limit"),
    "to oneself": ({"recipient": "trader@acme.example.com"}, "transfer.to_oneself"),
    "to nobody": ({"recipient": "nobody@acme.example.com"}, "transfer.no_recipient"),
    "to another organisation": ({"recipient": "buyer@globex.example.com"}, "transfer.no_recipient"),
    "a long note": ({"note": "x" * 141}, "transfer.note"),
    "two lines": ({"note": "a\nb"}, "transfer.note"),
}


@pytest.mark.req("S1-17")
@pytest.mark.parametrize("name", BAD)
def test_bad_requests_move_nothing(in_acme: Tenant, name: str) -> None:
    changes, code = BAD[name]
    fund("trader", "100.00")
    given = {"recipient": BUYER, "money": eur("1"), "key": "k"} | changes
    with pytest.raises(DomainError) as error:
        services.send_transfer(actor=acts("trader"), **given)
    assert error.value.code == code
    assert (available("trader"), available("buyer"), Transfer.objects.count()) == ("100.00", "0.00", 0)


def test_who_left_gets_nothing_and_is_not_told_apart(in_acme: Tenant) -> None:
    fund("trader", "100.00")
    with transaction.atomic():
        Member.objects.filter(email=BUYER).update(is_active=False)
    with pytest.raises(NotFoundError) as gone:
        send("1.00")
    with pytest.raises(NotFoundError) as never:
        send("1.00", to="nobody@acme.example.com")
    assert (gone.value.code, gone.value.message) == (never.value.code, never.value.message)


@pytest.mark.req("S1-45")
def test_addresses_cannot_be_tried_out(in_acme: Tenant, settings: Any) -> None:
    settings.THROTTLE_FACTOR, settings.VALKEY_PREFIX = 1, f"tradehall-{uuid4().hex}"
    fund("trader", "100.00")
    for number in range(5):
        with pytest.raises(NotFoundError):
            send("1.00", to=f"guess{number}@acme.example.com")
    for to in ("guess9@acme.example.com", BUYER):
        with pytest.raises(TooManyRequestsError):
            send("1.00", to=to)
    assert available("buyer") == "0.00"


@pytest.mark.req("S1-45")
def test_above_an_amount_of_the_day_a_proof_is_asked_for(in_acme: Tenant) -> None:
    fund("trader", "500.00")
    stale = acts("trader")
    with platform_context(), transaction.atomic():
        Session.objects.filter(pk=stale.session_id).update(verified_at=timezone.now() - timedelta(hours=1))

    def send_stale(amount: str) -> Transfer:
        return services.send_transfer(actor=stale, recipient=BUYER, money=eur(amount), key=str(uuid4()))

    send_stale("60.00")
    send_stale("40.00")
    with pytest.raises(StepUpRequired):  # many small ones are a large one
        send_stale("0.01")
    send("50.00")
    assert available("trader") == "350.00"


@pytest.mark.req("C10")
def test_steps_for_apps_above(in_acme: Tenant) -> None:
    trader, buyer = fund("trader", "100.00"), member_of("buyer").pk
    with transaction.atomic():
        held_money = services.hold(member_id=trader, money=eur("40"), key="order:1", reference="order:1")
        assert services.hold(member_id=trader, money=eur("40"), key="order:1").pk == held_money.pk
    assert (available("trader"), held("trader")) == ("60.00", 4000)
    for _twice in range(2):
        with transaction.atomic():
            services.capture(
                hold_id=held_money.pk, key="order:1:paid", kind="order_payment", payee=buyer, fee=eur("2")
            )
    assert (available("trader"), available("buyer"), held("trader")) == ("60.00", "38.00", 0)
    assert ledger_queries.balance(codes.REVENUE_FEES, "EUR").balance == 200
    with transaction.atomic():
        second = services.hold(member_id=trader, money=eur("60"), key="order:2")
        with pytest.raises(UnprocessableError):
            services.hold(member_id=trader, money=eur("0.01"), key="order:3")
        for _twice in range(2):
            services.release(hold_id=second.pk)
        services.charge(member_id=trader, money=eur("10"), key="plan:1", kind="plan", to=House.PLANS)
        services.pay(payer_id=trader, payee=buyer, money=eur("5"), key="tip:1", kind="tip")
        services.give(member_id=trader, money=eur("1"), key="back:1", kind="refund", of=House.PLANS)
    assert (available("trader"), available("buyer")) == ("46.00", "43.00")
    assert ledger_queries.balance(codes.REVENUE_PLANS, "EUR").balance == 900


def test_part_of_a_hold_is_taken_and_the_rest_is_free(in_acme: Tenant) -> None:
    trader = fund("trader", "100.00")
    with transaction.atomic():
        row = services.hold(member_id=trader, money=eur("40"), key="h")
        services.capture(hold_id=row.pk, key="c", kind="order_payment", payee=House.FEES, money=eur("15"))
    assert (available("trader"), held("trader")) == ("85.00", 0)


@pytest.mark.parametrize(
    ("money", "fee", "code"),
    [
        (eur("0"), None, "wallet.not_positive"),
        (eur("-1"), None, "wallet.not_positive"),
        (eur("1.001"), None, "wallet.too_fine"),
        (eur("1"), eur("1.01"), "wallet.fee_too_large"),
        (eur("1"), Money(eur("1").amount, "USD"), "wallet.fee_currency"),
    ],
    ids=["zero", "negative", "too fine", "fee too large", "fee of another currency"],
)
def test_steps_refuse_what_makes_no_sense(
    in_acme: Tenant, money: Money, fee: Money | None, code: str
) -> None:
    trader, buyer = fund("trader", "100.00"), member_of("buyer").pk
    with transaction.atomic(), pytest.raises(DomainError) as wrong:
        services.pay(payer_id=trader, payee=buyer, money=money, key="k", kind="tip", fee=fee)
    assert wrong.value.code == code
    assert available("trader") == "100.00"


@pytest.mark.req("F44")
@examples(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from(["trader", "buyer", "seller"]), st.sampled_from(["trader", "buyer", "seller"]),
            st.integers(1, 15_000),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_whatever_is_sent_the_sum_stays(
    in_acme: Tenant, settle: Callable[..., None], moves: list[tuple[str, str, int]]
) -> None:
    """Against a model of three numbers."""
    settle(TRANSFER_PROOF_ABOVE=eur("999999").amount, TRANSFERS_A_DAY=eur("999999").amount)
    purses = dict.fromkeys(("trader", "buyer", "seller"), 10000)
    for who in purses:
        units = 100_00 - int(Money.parse(available(who), "EUR").minor_units())
        with transaction.atomic():
            if units > 0:
                services.give(
                    member_id=member_of(who).pk,
                    money=Money.of_minor(units, "EUR"),
                    key=str(uuid4()),
                    kind="b",
                )
            elif units:
                services.charge(
                    member_id=member_of(who).pk,
                    money=Money.of_minor(-units, "EUR"),
                    key=str(uuid4()),
                    kind="b",
                )
    for sender, recipient, units in moves:
        money = Money.of_minor(units, "EUR")
        possible = sender != recipient and units <= purses[sender]
        try:
            services.send_transfer(
                actor=acts(sender), recipient=member_of(recipient).pk, money=money, key=str(uuid4())
            )
        except DomainError:
            assert not possible
        else:
            assert possible
            purses[sender] -= units
            purses[recipient] += units
    for who, units in purses.items():
        assert available(who) == str(Money.of_minor(units, "EUR").amount)
