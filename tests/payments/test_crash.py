"""A worker that dies in the middle of a call: what it sent is found, and nothing is sent twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from billing.payments import services
from billing.payments.models import Payment, Payout, Refund
from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.payments.conftest import told
from tests.payments.contract import fresh
from tests.payments.lab import Laboratory
from tests.payments.remotes.lab import Remote

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """Nothing catches it: as if the process had gone."""


@pytest.fixture
def side(acme: Tenant, person: Callable[[str], User]) -> Remote:
    return Remote(acme, person("trader@acme").pk)


@pytest.fixture
def dying(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """The next call dies, after or before the remote has carried it out; then everything works again."""
    real = Laboratory.call

    def arm(carried_out: bool) -> None:
        def call(self: Laboratory, key: str, make: Any) -> Any:
            monkeypatch.setattr(Laboratory, "call", real)
            if carried_out:
                real(self, key, make)
            raise Killed

        monkeypatch.setattr(Laboratory, "call", call)

    return arm


def over(model: type[Any]) -> None:
    """The dead worker's lease ends."""
    with platform_context():
        model._default_manager.update(leased_until=timezone.now())


@pytest.mark.req("F43")
@pytest.mark.parametrize("carried_out", [True, False], ids=["after", "before"])
def test_a_worker_dies_while_it_asks(side: Remote, dying: Callable[[bool], None], carried_out: bool) -> None:
    payment = side.begin()
    dying(carried_out)
    with pytest.raises(Killed):
        services.start_payment(payment.pk)
    assert fresh(payment).state == "sending" and side.objects() == int(carried_out)
    assert services.start_payment(payment.pk).state == "sending"  # somebody may still be asking
    over(Payment)
    assert services.start_payment(payment.pk).state == "pending"
    assert side.objects() == 1
    side.pay(fresh(payment))
    side.deliver()
    refund = services.begin.Refund
    dying(carried_out)
    with pytest.raises(Killed):
        side.refund(fresh(payment), 500)
    side.deliver()
    over(Refund)
    with platform_context():
        row = refund.objects.get()
    services.send_refund(row.pk)
    side.deliver()
    assert fresh(row).state == "succeeded" and len(told(side.tenant, "payment_refunded")) == 1
    payout = side.begin_payout()
    dying(carried_out)
    with pytest.raises(Killed):
        services.send_payout(payout.pk)
    over(Payout)
    assert services.send_payout(payout.pk).state == "pending"
    assert side.objects() == 3


@pytest.mark.req("F43")
def test_a_key_that_is_revoked_meanwhile_says_nothing_of_what_was_sent(side: Remote) -> None:
    """Failing what may have been paid would release the money to be paid a second time."""
    payment = side.paid()
    payout = side.begin_payout()
    with side.losing_answers():
        assert services.send_payout(payout.pk).state == "sending"
    with side._fault("deny"):
        for _time in range(2):
            over(Payout)
            assert services.send_payout(payout.pk).state == "sending"
    assert told(side.tenant, "payout_failed") == []
    over(Payout)
    assert services.send_payout(payout.pk).state == "pending"
    assert side.objects() == 2 and fresh(payment).state == "succeeded"


@pytest.mark.req("F43")
def test_a_charge_is_not_failed_by_a_revoked_key_either(side: Remote) -> None:
    payment = side.begin()
    with side.losing_answers():
        services.start_payment(payment.pk)
    with side._fault("deny"):
        over(Payment)
        assert services.start_payment(payment.pk).state == "sending"
    over(Payment)
    assert services.start_payment(payment.pk).state == "pending" and side.objects() == 1
