"""Two at once: refunds, keys, beginnings, workers of the inbox. In threads, with commits."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections, transaction

from billing.payments import services
from billing.payments.models import Payment, Refund, WebhookDelivery
from billing.payments.services import deliveries
from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import DomainError
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.payments.conftest import fresh, told
from tests.payments.remotes.lab import Remote

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Results, or what was raised, of as many threads that start together."""
    start = Barrier(count)

    def run(number: int) -> Any:
        try:
            with audit_context(actor_label="test"):
                start.wait()
                return work(number)
        except DomainError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.req("F43", "F50")
def test_two_at_once(acme: Tenant, person: Callable[[str], User]) -> None:
    side = Remote(acme, person("trader@acme").pk)

    begun = at_once(6, lambda _number: side.begin(key="same", reference="order:same").pk)
    assert len(set(begun)) == 1
    payment = fresh(Payment(pk=begun[0]))

    at_once(6, lambda _number: services.start_payment(payment.pk).pk)
    assert side.objects() == 1 and fresh(payment).state == "pending"

    side.pay(fresh(payment))
    for headers, raw in side.notifications():
        side.receive(headers, raw)
    again = at_once(6, lambda _number: [side.receive(*news) for news in side.notifications()])
    assert not any(any(new) for new in again)
    at_once(6, lambda _number: deliveries.work_inbox())
    assert len(told(acme, "payment_succeeded")) == 1
    with platform_context():
        assert not WebhookDelivery.objects.exclude(state="done").exists()

    def refund(number: int) -> Any:
        with tenant_context(acme), transaction.atomic():
            return services.begin_refund(
                payment_id=payment.pk, minor_units=1000, reason="", key=f"r{number}"
            ).pk

    made = at_once(6, refund)
    refused = [each for each in made if isinstance(each, DomainError)]
    assert len(refused) == 4 and {each.code for each in refused} == {"payments.over_refund"}
    refunds = [each for each in made if not isinstance(each, DomainError)]
    at_once(6, lambda number: services.send_refund(refunds[number % 2]))
    assert side.objects() == 3 and fresh(payment).refunded_minor_units == 2000
    with platform_context():
        assert sorted(Refund.objects.values_list("state", flat=True)) == ["succeeded", "succeeded"]
    assert len(told(acme, "payment_refunded")) == 2
