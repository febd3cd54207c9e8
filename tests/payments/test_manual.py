"""Bank transfers: begun, confirmed by other eyes, refunded and paid out by staff."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from billing.payments import services
from billing.payments.models import Payment
from billing.payments.services import staff
from shared_apps.access.actors import Actor
from shared_apps.core.errors import ConflictError, ForbiddenError
from shared_apps.tenants.models import Tenant
from tests.payments.conftest import IBAN, eur, fresh, told

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
