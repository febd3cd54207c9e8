"""The inbox: over HTTP, in any order, twice, unknown, given up, replayed (attack table, row 21; F49)."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from billing.payments import inbox, services
from billing.payments.models import Dispute, Payment, PaymentLog, Refund, WebhookDelivery
from billing.payments.options import WEBHOOK_TRIES
from billing.payments.providers.base import ObjectKind, Snapshot
from billing.payments.services import deliveries
from billing.payments.services.alarms import check_inbox
from shared_apps.access.actors import Actor
from shared_apps.core import options
from shared_apps.core.context import PUBLIC, platform_context, tenant_context
from shared_apps.core.errors import ForbiddenError
from shared_apps.core.health import Unhealthy
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.payments import lab
from tests.payments.conftest import told
from tests.payments.contract import fresh
from tests.payments.remotes.lab import Remote
from tests.support.outbox import run_pending

pytestmark = pytest.mark.django_db


@pytest.fixture
def side(acme: Tenant, person: Callable[[str], User]) -> Remote:
    return Remote(acme, person("trader@acme").pk)


@pytest.fixture
def post(side: Remote) -> Callable[..., Any]:
    """Send a notification as the provider does: over HTTP, to the platform's host."""
    client = Client(headers={"host": "localhost"}, enforce_csrf_checks=True, raise_request_exception=False)

    def send(headers: dict[str, str], raw: bytes, configuration: Any = None, provider: str = "lab") -> Any:
        path = f"/api/v1/payments/webhooks/{provider}/{configuration or side.configuration.pk}/"
        return client.post(path, raw, content_type="application/json", headers=headers)

    return send


def stored(**where: Any) -> list[WebhookDelivery]:
    with platform_context():
        return list(WebhookDelivery.objects.filter(**where).order_by("received_at"))


@pytest.mark.req("S4-78", "S3-19", "F49")
def test_over_http(side: Remote, post: Callable[..., Any]) -> None:
    payment = side.started()
    (first,) = side.notifications()
    answer = post(*first)
    assert (answer.status_code, answer.json()) == (200, {"received": True, "new": True})
    assert (post(*first).status_code, post(*first).json()["new"]) == (200, False)
    (row,) = stored()
    assert (row.signature, row.repeats, row.state, row.object_id) == (
        "verified",
        2,
        "waiting",
        payment.provider_reference,
    )
    assert row.tenant_id == side.tenant.pk and len(row.payload_hash) == 64
    headers, raw = lab.Laboratory.signed("payment", payment.provider_reference, "ev_new")
    old = lab.Laboratory.signed("payment", payment.provider_reference, "ev_old", timezone.now() - lab.OLD)
    for bad, code in (
        (({"Lab-Signature": "0" * 64}, raw), "payments.webhook_signature"),
        (({}, raw), "payments.webhook_signature"),
        ((headers, raw + b" "), "payments.webhook_signature"),
        (old, "payments.webhook_stale"),
        ((headers, b"{not json"), "payments.webhook_garbage"),
        ((headers, b""), "payments.webhook_garbage"),
    ):
        answer = post(*bad)
        assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert post(headers, b'{"a": "' + b"x" * 300_000 + b'"}').status_code == 413
    assert post(headers, raw, configuration=uuid4()).status_code == 404
    assert post(headers, raw, provider="manual").status_code == 404
    acme = Client(headers={"host": "acme.localhost"})
    assert acme.post(f"/api/v1/payments/webhooks/lab/{side.configuration.pk}/").status_code == 404
    assert len(stored(state="waiting")) == 1 and {row.signature for row in stored(state="refused")} == {
        "signature", "stale", "garbage",
    }  # fmt: skip
    with options.values({WEBHOOK_TRIES: 3}):
        run_pending(PUBLIC)
    assert [row.state for row in stored(state="done")] == ["done"]


@pytest.mark.req("S4-79", "F50")
def test_many_shuffled_and_repeated_deliveries_post_each_thing_once(side: Remote) -> None:
    """1,618 deliveries over 200 objects: each thing is told once, whatever comes when."""
    luck = random.Random(1618)
    with tenant_context(side.tenant):
        payments = [side.started() for _each in range(200)]
    for payment in payments:
        if luck.random() < 0.5:
            side.hold(payment)
        (side.pay if luck.random() < 0.8 else side.decline)(payment)
    news = side.notifications()
    news += luck.choices(news, k=1618 - len(news))
    luck.shuffle(news)
    assert len(news) == 1618
    for start in range(0, len(news), 200):
        for headers, raw in news[start : start + 200]:
            side.receive(headers, raw)
        while deliveries.work_inbox():
            pass
    states = {payment.pk: fresh(payment).state for payment in payments}
    wanted = {payment.pk: side.lab.objects[payment.provider_reference].state for payment in payments}
    assert states == wanted
    paid = [event["payment_id"] for event in told(side.tenant, "payment_succeeded")]
    failed = [event["payment_id"] for event in told(side.tenant, "payment_failed")]
    assert sorted(paid) == sorted(str(pk) for pk, state in wanted.items() if state == "succeeded")
    assert sorted(failed) == sorted(str(pk) for pk, state in wanted.items() if state == "failed")
    keys = {event["key"] for event in told(side.tenant, "payment_succeeded")}
    assert len(keys) == len(paid)
    assert not stored(state="waiting") and not stored(state="dead")
    _replay_everything(side, states)


def _replay_everything(side: Remote, states: dict[Any, str]) -> None:
    """A month of events again: nothing moves, nothing is told, nothing is written to the journal."""
    with platform_context():
        before = (PaymentLog.objects.count(), len(told(side.tenant, "payment_succeeded")))
        WebhookDelivery.objects.update(state="waiting", due_at=timezone.now(), attempts=0)
    while deliveries.work_inbox():
        pass
    with platform_context():
        after = (PaymentLog.objects.count(), len(told(side.tenant, "payment_succeeded")))
        assert {row.pk: row.state for row in Payment.objects.all()} == states
    assert after == before and not stored(state="waiting")


@pytest.mark.req("F49")
def test_what_is_unknown_waits_and_is_given_up_loudly(side: Remote, post: Callable[..., Any]) -> None:
    post(*lab.Laboratory.signed("payment", "pay_unknown", "ev_1"))
    assert check_inbox()["waiting"] == 1
    with options.values({WEBHOOK_TRIES: 3}):
        waits = []
        for _try in range(3):
            assert deliveries.work_inbox() == 1
            (row,) = stored()
            waits.append(row.due_at - timezone.now())
            assert deliveries.work_inbox() == 0
            with platform_context():
                WebhookDelivery.objects.update(due_at=timezone.now())
    assert waits[0] < waits[1] < waits[2] < timedelta(hours=1)
    (row,) = stored()
    assert (row.state, row.attempts) == ("dead", 3) and "pay_unknown" in row.last_error
    with pytest.raises(Unhealthy):
        check_inbox()
    run_pending(PUBLIC)
    (letter,) = mail.outbox
    assert letter.to == ["superadmin@example.com"] and "pay_unknown" in letter.body
    staff = Actor(user_id=1, platform_role="admin", method="session")
    with pytest.raises(ForbiddenError):
        deliveries.replay(actor=staff, delivery_id=row.pk)
    # What it spoke of has become known meanwhile.
    payment = side.started()
    side.lab.objects["pay_unknown"] = side.lab.objects[payment.provider_reference]
    side.lab.move(payment.provider_reference, "succeeded")
    with platform_context():
        Payment.objects.filter(pk=payment.pk).update(provider_reference="pay_unknown")
        known = deliveries.queries.target_of(side.configuration.pk, "payment", payment.provider_reference)
        assert known is not None
        known.external_id = "pay_unknown"
        known.save()
    side.lab.objects["pay_unknown"] = side.lab.objects[payment.provider_reference]
    deliveries.replay(
        actor=Actor(user_id=1, platform_role="superadmin", method="session"), delivery_id=row.pk
    )
    assert run_pending(PUBLIC)
    assert (stored()[0].state, fresh(payment).state) == ("done", "succeeded")
    with platform_context():
        line = PaymentLog.objects.get(payment=payment, to_state="succeeded")
    assert (line.source, line.signature, line.payload_hash) == ("replay", "verified", row.payload_hash)
    assert check_inbox()["waiting"] == 0


def test_a_delivery_whose_worker_died_comes_again(side: Remote, post: Callable[..., Any]) -> None:
    side.started()
    post(*side.notifications()[0])
    assert deliveries._claim() is not None  # and nothing more is heard of it
    assert deliveries.work_inbox() == 0
    with platform_context():
        WebhookDelivery.objects.update(due_at=timezone.now())
    assert deliveries.work_inbox() == 1
    assert stored()[0].state == "done"


@pytest.mark.req("S4-16")
def test_refunds_and_disputes_made_elsewhere_find_their_payment(side: Remote) -> None:
    payment = side.paid()
    money = side.money("5.00")
    side.lab.put(
        Snapshot(kind=ObjectKind.REFUND, reference="ref_x", state="succeeded", money=money, parent=payment.provider_reference)
    )  # fmt: skip
    dispute = Snapshot(
        kind=ObjectKind.DISPUTE, reference="dp_1", state="needs_response", money=money,
        parent=payment.provider_reference, reason="fraudulent",
    )  # fmt: skip
    side.lab.put(dispute)
    side.deliver(side.notifications() * 2)
    assert (fresh(payment).refunded_minor_units, fresh(payment).is_disputed) == (500, True)
    (refunded,) = told(side.tenant, "payment_refunded")
    assert (refunded["minor_units"], refunded["key"]) == (500, "lab:ref_x:succeeded")
    (disputed,) = told(side.tenant, "payment_disputed")
    assert disputed["key"] == "lab:dp_1:opened"
    side.lab.move("dp_1", "won")
    side.deliver()
    (closed,) = told(side.tenant, "dispute_closed")
    assert (closed["won"], closed["key"], fresh(payment).is_disputed) == (True, "lab:dp_1:won", False)
    side.lab.move("dp_1", "needs_response")  # old news, told late
    side.deliver()
    with platform_context():
        assert Dispute.objects.get().state == "won" and Refund.objects.count() == 1
    assert len(told(side.tenant, "dispute_closed")) == 1


@pytest.fixture
def follower() -> Iterator[list[inbox.Notice]]:
    """An app above that follows objects of its own."""
    heard: list[inbox.Notice] = []

    def follow(notice: inbox.Notice) -> None:
        if notice.object_id == "sub_later":
            raise inbox.NotYet("not here yet")
        heard.append(notice)

    inbox.register_object_handler("lab.subscription", follow)
    yield heard
    inbox._HANDLERS.pop("lab.subscription")


def test_other_objects_go_to_whom_registered(side: Remote, follower: list[inbox.Notice]) -> None:
    side.deliver([lab.Laboratory.signed("lab.subscription", "sub_1", "ev_1")] * 2)
    side.deliver([lab.Laboratory.signed("lab.subscription", "sub_later", "ev_2")])
    side.deliver([lab.Laboratory.signed("nothing", "x", "ev_3")])
    (notice,) = follower
    assert (notice.object_id, notice.configuration_id, notice.target_id) == (
        "sub_1",
        side.configuration.pk,
        None,
    )
    assert [row.state for row in stored()] == ["done", "waiting", "done"]


def test_an_amount_that_differs_waits_for_staff_but_a_deposit_counts_as_it_came(side: Remote) -> None:
    order, deposit, foreign = side.started(), side.started(purpose="deposit"), side.started()
    for payment, money in (
        (order, side.money("20.00")),
        (deposit, side.money("20.00")),
        (foreign, type(side.money()).parse("25.00", "USD")),
    ):
        side.lab.move(payment.provider_reference, "succeeded", money=money)
    side.deliver()
    assert (fresh(order).state, fresh(order).problem) == ("processing", "underpaid")
    assert (fresh(deposit).state, fresh(deposit).received_minor_units) == ("succeeded", 2000)
    assert (fresh(foreign).state, fresh(foreign).problem) == ("pending", "currency")
    (event,) = told(side.tenant, "payment_succeeded")
    assert (event["payment_id"], event["minor_units"]) == (str(deposit.pk), 2000)
    side.lab.move(order.provider_reference, "succeeded", money=side.money("30.00"))
    side.deliver()
    assert (fresh(order).state, fresh(order).problem) == ("succeeded", "overpaid")
    assert told(side.tenant, "payment_succeeded")[1]["minor_units"] == 2500


def test_a_saved_method_is_charged_without_its_payer(side: Remote) -> None:
    side.paid(save_method=True)
    with platform_context():
        method = services.begin.SavedMethod.objects.get()
    assert (method.last4, method.is_default, method.user_id) == ("4242", True, side.payer_id)
    payment = side.begin(saved_method_id=method.pk)
    run_pending(PUBLIC)
    assert fresh(payment).state == "succeeded"
    side.lab.fault = "refuse"
    declined = side.begin(saved_method_id=method.pk)
    run_pending(PUBLIC)
    assert (fresh(declined).state, fresh(declined).failure_code) == ("failed", "card_declined")
    side.lab.fault = ""
    with tenant_context(side.tenant):
        again = services.begin_again(payment_id=declined.pk, key="again")
    assert again.attempt_key != declined.attempt_key and again.retry_of_id == declined.pk


@pytest.mark.req("S4-16")
def test_the_poll_finds_what_nobody_told(side: Remote) -> None:
    payment, refund_of = side.started(), side.paid()
    late = side.started()
    side.pay(payment)
    payout = services.send_payout(side.begin_payout().pk)
    side.settle_payout(payout)
    side.lab.move(refund_of.provider_reference, "succeeded")
    assert services.polling.poll_open() == 0
    hour = timezone.now() - timedelta(hours=2)
    with platform_context():
        for model in (Payment, type(payout)):
            model.objects.update(asked_at=hour, created_at=hour)
        Payment.objects.filter(pk=late.pk).update(created_at=timezone.now() - timedelta(days=15))
    assert services.polling.poll_open() == 3
    assert services.polling.give_up_unpaid() == 1
    run_pending(PUBLIC)
    assert (fresh(payment).state, fresh(payout).state, fresh(late).state) == (
        "succeeded",
        "settled",
        "cancelled",
    )
