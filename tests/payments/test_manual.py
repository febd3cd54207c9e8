"""Bank transfers: begun, confirmed by other eyes, refunded and paid out by staff."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from billing.payments import queries, services
from billing.payments.models import Payment
from billing.payments.services import commands, staff
from shared_apps.access.actors import Actor
from shared_apps.core.errors import ConflictError, ForbiddenError
from shared_apps.tenants.models import Tenant
from tests.payments.conftest import IBAN, eur, fresh, told
from tests.support.pages import visitor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("proved")]


@pytest.mark.req("S0-6", "S0-27", "S1-15", "S4-12", "F43")
def test_a_transfer_is_confirmed_by_somebody_else(
    acme: Tenant, begin: Callable[..., Payment], actor_in: Callable[[str], Actor]
) -> None:
    payment = services.start_payment(begin().pk)
    assert (payment.state, payment.action_kind) == ("pending", "transfer")
    assert payment.action_details["iban"].replace(" ", "") == IBAN
    assert payment.action_details["reference"].replace(" ", "") == payment.label
    assert told(acme, "payment_succeeded") == []
    owner = actor_in("owner")
    staff.confirm_transfer(actor=owner, kind="payment", object_id=payment.pk, happened=True)
    after = fresh(payment)
    assert (after.state, after.received_minor_units) == ("succeeded", 2500)
    (event,) = told(acme, "payment_succeeded")
    assert event == {
        "payment_id": str(payment.pk), "purpose": "deposit", "reference": "deposit:1", "provider": "manual",
        "configuration_id": str(payment.configuration_id), "user_id": payment.user_id, "currency": "EUR",
        "minor_units": 2500, "key": f"manual:{payment.pk}:succeeded",
    }  # fmt: skip
    services.refresh_payment(payment.pk)
    with pytest.raises(ConflictError):
        staff.confirm_transfer(actor=owner, kind="payment", object_id=payment.pk, happened=True)
    assert len(told(acme, "payment_succeeded")) == 1


@pytest.mark.req("S1-17")
def test_nobody_confirms_their_own_and_large_ones_need_two(
    acme: Tenant, begin: Callable[..., Payment], actor_in: Callable[[str], Actor]
) -> None:
    owner, admin = actor_in("owner"), actor_in("staff")
    payment = services.start_payment(begin("1000.00", user_id=owner.user_id).pk)
    with pytest.raises(ForbiddenError) as own:
        staff.confirm_transfer(actor=owner, kind="payment", object_id=payment.pk, happened=True)
    assert own.value.code == "payments.own_transfer"
    payment = services.start_payment(begin("1000.00", key="other").pk)
    staff.confirm_transfer(actor=owner, kind="payment", object_id=payment.pk, happened=True)
    assert fresh(payment).state == "pending"
    with pytest.raises(ConflictError) as twice:
        staff.confirm_transfer(actor=owner, kind="payment", object_id=payment.pk, happened=True)
    assert twice.value.code == "payments.said_already"
    with pytest.raises(ConflictError) as otherwise:
        staff.confirm_transfer(
            actor=admin, kind="payment", object_id=payment.pk, happened=True, money=eur("999.00")
        )
    assert otherwise.value.code == "payments.disagrees"
    staff.confirm_transfer(actor=admin, kind="payment", object_id=payment.pk, happened=True)
    assert fresh(payment).state == "succeeded"
    with pytest.raises(ForbiddenError):
        staff.confirm_transfer(actor=actor_in("trader"), kind="payment", object_id=payment.pk, happened=True)


def test_the_larger_of_asked_and_confirmed_decides_how_many_must_confirm(
    begin: Callable[..., Payment], actor_in: Callable[[str], Actor]
) -> None:
    """One who says that 1000 arrived where 1 was asked for does not say so alone; nor 1 for 1000."""
    owner, admin = actor_in("owner"), actor_in("staff")
    for number, (asked, arrived) in enumerate((("1.00", "1000.00"), ("1000.00", "1.00"))):
        payment = services.start_payment(begin(asked, key=f"larger:{number}").pk)
        said = {"kind": "payment", "object_id": payment.pk, "happened": True, "money": eur(arrived)}
        staff.confirm_transfer(actor=owner, **said)
        assert services.refresh_payment(payment.pk).state == "pending"
        waiting = {each.id: each for each in queries.waiting_transfers(owner)}[payment.pk]
        assert (waiting.confirmations, waiting.confirmations_needed) == (1, 2)
        staff.confirm_transfer(actor=admin, **said)
        after = fresh(payment)
        assert (after.state, after.received_minor_units) == ("succeeded", eur(arrived).minor_units())


def test_nobody_refunds_what_they_have_paid(
    begin: Callable[..., Payment], actor_in: Callable[[str], Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "require_recent", lambda actor: None)
    owner, admin = actor_in("owner"), actor_in("staff")
    payment = services.start_payment(begin(user_id=owner.user_id).pk)
    staff.confirm_transfer(actor=admin, kind="payment", object_id=payment.pk, happened=True)
    with pytest.raises(ForbiddenError) as own:
        commands.refund_payment(actor=owner, payment_id=payment.pk, money=None, reason="")
    assert own.value.code == "payments.own_refund"
    refund = commands.refund_payment(actor=admin, payment_id=payment.pk, money=None, reason="")
    assert refund.minor_units == 2500


@pytest.mark.parametrize("purpose", ["deposit", "order"])
def test_a_deposit_is_begun_anew_and_not_repeated(
    begin: Callable[..., Payment], actor_in: Callable[[str], Actor], purpose: str
) -> None:
    """A new deposit asks for the limits; trying the payment again would not."""
    trader = actor_in("trader")
    payment = services.start_payment(begin(purpose=purpose, user_id=trader.user_id).pk)
    staff.confirm_transfer(actor=actor_in("owner"), kind="payment", object_id=payment.pk, happened=False)
    page = visitor("acme", "trader").get(f"/pay/{payment.pk}/").content.decode()
    assert (f"/pay/{payment.pk}/again/" in page) is (purpose == "order")
    if purpose == "order":
        assert commands.try_again(actor=trader, payment_id=payment.pk).retry_of_id == payment.pk
        return
    with pytest.raises(ConflictError, match="new deposit") as refused:
        commands.try_again(actor=trader, payment_id=payment.pk)
    assert refused.value.code == "payments.not_repeatable"
