"""The contract suite over every provider (F43): what it does is in ``contract``."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

import tests.payments.lab  # noqa: F401 - registers the laboratory
from billing.payments import services
from billing.payments.models import Payment, Payout, Refund, WebhookDelivery
from billing.payments.providers.base import Capability, provider_types
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError, DomainError, UnavailableError
from shared_apps.tenants.models import Tenant
from shared_apps.users.models import User
from tests.payments.conftest import told
from tests.payments.contract import RemoteSide, fresh, sides

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_operation")]
SIDES = sides()
WIRED = sorted(name for name, side in SIDES.items() if side.has_wire)


def test_every_registered_provider_runs_the_suite() -> None:
    assert {kind.name for kind in provider_types()} == set(SIDES)


@pytest.fixture
def side(request: pytest.FixtureRequest, acme: Tenant, person: Callable[[str], User]) -> RemoteSide:
    if SIDES[request.param].is_emulated:
        request.getfixturevalue("simulators")
    return SIDES[request.param](acme, person("trader@acme").pk)


every = pytest.mark.parametrize("side", sorted(SIDES), indirect=True)
wired = pytest.mark.parametrize("side", WIRED, indirect=True)


@every
@pytest.mark.req("F43", "C9", "S4-16")
def test_success(side: RemoteSide) -> None:
    payment = side.started()
    assert payment.state in ("pending", "processing") and payment.provider_reference
    assert payment.action_kind != ""
    side.pay(payment)
    payment = side.caught_up(payment)
    assert (payment.state, payment.received_minor_units, payment.problem) == (
        "succeeded",
        payment.minor_units,
        "",
    )
    (event,) = told(side.tenant, "payment_succeeded")
    assert event["minor_units"] == payment.minor_units and event["currency"] == side.currency
    assert event["key"] == f"{side.provider}:{payment.provider_reference}:succeeded"
    side.caught_up(payment)
    assert len(told(side.tenant, "payment_succeeded")) == 1 and told(side.tenant, "payment_failed") == []
    assert services.start_payment(payment.pk).state == "succeeded"


@every
@pytest.mark.req("F43")
def test_decline_and_another_attempt(side: RemoteSide) -> None:
    payment = side.started()
    side.decline(payment)
    declined = side.caught_up(payment)
    assert declined.state in ("failed", "cancelled") and declined.failure_code
    (event,) = told(side.tenant, "payment_failed")
    assert event["payment_id"] == str(payment.pk) and event["code"]
    again = side.started(retry_of=payment.pk, reference=payment.reference)
    assert again.attempt_key != declined.attempt_key
    assert again.provider_reference != declined.provider_reference
    side.pay(again)
    assert side.caught_up(again).state == "succeeded"
    assert fresh(payment).state == declined.state


@every
@pytest.mark.req("F43")
def test_pending(side: RemoteSide) -> None:
    payment = side.started()
    side.hold(payment)
    waiting = side.caught_up(payment)
    assert waiting.state in ("pending", "processing")
    assert told(side.tenant, "payment_succeeded") == [] and told(side.tenant, "payment_failed") == []
    side.pay(waiting)
    assert side.caught_up(payment).state == "succeeded"


@every
@pytest.mark.req("F43")
def test_given_up_before_it_was_paid(side: RemoteSide) -> None:
    payment = services.cancel_payment(side.started().pk)
    assert side.caught_up(payment).state == "cancelled"
    unsent = services.cancel_payment(side.begin().pk)
    assert (unsent.state, unsent.provider_reference) == ("cancelled", "")
    assert len(told(side.tenant, "payment_failed")) == 2


@wired
@pytest.mark.req("F43")
def test_timeout_after_success(side: RemoteSide) -> None:
    payment = side.begin()
    with side.losing_answers():
        assert services.start_payment(payment.pk).state == "sending"
        assert side.objects() == 1
    services.refresh("payment", payment.pk)
    found = fresh(payment)
    assert found.state in ("pending", "processing") and found.provider_reference and found.action_kind
    assert side.objects() == 1
    side.pay(found)
    assert side.caught_up(payment).state == "succeeded"


@wired
@pytest.mark.req("F43")
def test_nothing_was_sent(side: RemoteSide) -> None:
    payment = side.begin()
    with side.unreachable(), pytest.raises(UnavailableError) as refused:
        services.start_payment(payment.pk)
    assert refused.value.code == "payments.provider_unreachable"
    assert told(side.tenant, "payment_failed") == [] and side.objects() == 0
    assert services.start_payment(payment.pk).state in ("pending", "processing")
    assert side.objects() == 1


@wired
@pytest.mark.req("F43")
def test_garbage_for_an_answer_is_no_answer(side: RemoteSide) -> None:
    payment = side.begin()
    with side.answering_garbage():
        assert services.start_payment(payment.pk).state == "sending"
    assert told(side.tenant, "payment_failed") == []
    services.refresh("payment", payment.pk)
    assert fresh(payment).state in ("pending", "processing") and side.objects() == 1


@wired
@pytest.mark.req("F43", "S4-79")
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_notifications_twice_and_in_any_order(side: RemoteSide, seed: int) -> None:
    payments = [side.started() for _each in range(3)]
    side.hold(payments[1])
    for payment in payments:
        side.pay(payment)
    news = side.notifications() * 3
    random.Random(seed).shuffle(news)
    side.deliver(news)
    assert [fresh(payment).state for payment in payments] == ["succeeded"] * 3
    assert len(told(side.tenant, "payment_succeeded")) == 3 and told(side.tenant, "payment_failed") == []
    with platform_context():
        stored = WebhookDelivery.objects.filter(configuration=side.configuration)
        assert stored.count() <= len(side.notifications())
        assert not stored.exclude(state="done").exists()


@wired
@pytest.mark.req("S4-78")
def test_forged_notifications(side: RemoteSide) -> None:
    payment = side.started()
    assert side.forged()
    for headers, raw in side.forged():
        assert side.refused(headers, raw).startswith("payments.webhook_")
    for raw in (b"", b"not json", b"[]", b'"text"', b"{" * 100_000, b"\xff\xfe"):
        headers = side.notifications()[0][0]
        assert side.refused(headers, raw) == "payments.webhook_garbage"
    with platform_context():
        assert not WebhookDelivery.objects.exclude(state="refused").exists()
    assert fresh(payment).state == payment.state


@every
@pytest.mark.req("F43")
def test_refunds(side: RemoteSide) -> None:
    payment = side.paid()
    if Capability.REFUND not in side.kind.capabilities:
        with pytest.raises(DomainError) as refused:
            side.refund(payment, payment.minor_units)
        assert refused.value.code == "payments.cannot_refund"
        return
    if Capability.PARTIAL_REFUND in side.kind.capabilities:
        part = side.refund(payment, 1, "part")
        side.settle_refund(part)
        assert side.caught_up(part).state == "succeeded"
        rest = side.refund(payment, payment.minor_units - 1, "rest")
    else:
        rest = side.refund(payment, payment.minor_units, "rest")
    side.settle_refund(rest)
    assert side.caught_up(rest).state == "succeeded"
    assert sum(event["minor_units"] for event in told(side.tenant, "payment_refunded")) == payment.minor_units
    with pytest.raises(DomainError) as over:
        side.refund(payment, 1, "over")
    assert over.value.code == "payments.over_refund"
    assert fresh(payment).refunded_minor_units == payment.minor_units


@every
@pytest.mark.req("F43")
def test_a_refund_that_fails_late(side: RemoteSide) -> None:
    if Capability.REFUND not in side.kind.capabilities:
        return
    payment = side.paid()
    refund = side.refund(payment, payment.minor_units)
    if refund.state == "succeeded":
        side.caught_up(refund)
    side.fail_refund(refund)
    assert side.caught_up(refund).state == "failed"
    (event,) = told(side.tenant, "refund_failed")
    assert event["was_refunded"] is bool(told(side.tenant, "payment_refunded"))
    assert fresh(payment).refunded_minor_units == 0
    assert side.refund(payment, payment.minor_units, "again").pk != refund.pk


@wired
@pytest.mark.req("F43")
def test_a_refund_without_an_answer_is_made_once(side: RemoteSide) -> None:
    if Capability.REFUND not in side.kind.capabilities:
        return
    payment = side.paid()
    before = side.objects()
    with side.losing_answers():
        refund = side.refund(payment, payment.minor_units)
    assert refund.state == "sending"
    side.deliver()
    services.send_refund(refund.pk)
    side.settle_refund(fresh(refund))
    assert side.caught_up(refund).state == "succeeded"
    assert side.objects() == before + 1
    with platform_context():
        assert Refund.objects.filter(payment=payment).count() == 1
    assert len(told(side.tenant, "payment_refunded")) == 1


@every
@pytest.mark.req("F43")
def test_payouts(side: RemoteSide) -> None:
    if Capability.PAYOUT not in side.kind.capabilities:
        with pytest.raises(DomainError) as refused:
            side.begin_payout()
        assert refused.value.code == "payments.cannot_pay_out"
        return
    payout = services.send_payout(side.begin_payout().pk)
    assert payout.state == "pending"
    side.settle_payout(payout)
    assert side.caught_up(payout).state == "settled"
    (event,) = told(side.tenant, "payout_settled")
    assert event["minor_units"] == payout.minor_units and event["reference"] == "withdrawal:1"
    lost = services.send_payout(side.begin_payout("second").pk)
    side.fail_payout(lost)
    assert side.caught_up(lost).state == "failed"
    (event,) = told(side.tenant, "payout_failed")
    assert event["payout_id"] == str(lost.pk) and event["was_settled"] is False
    assert side.begin_payout().pk == payout.pk


@wired
@pytest.mark.req("F43")
def test_a_payout_without_an_answer_is_sent_once(side: RemoteSide) -> None:
    if Capability.PAYOUT not in side.kind.capabilities:
        return
    payout = side.begin_payout()
    before = side.objects()
    with side.losing_answers():
        assert services.send_payout(payout.pk).state == "sending"
    assert told(side.tenant, "payout_failed") == []
    assert services.send_payout(payout.pk).state in ("pending", "settled")
    assert side.objects() == before + 1


@every
@pytest.mark.req("S4-12")
def test_what_cannot_be_moved_moves_nothing(side: RemoteSide) -> None:
    """Another currency, too many digits, nothing, less than nothing; a key used for something else."""
    fine = side.money().digits
    for money, code in (
        (side.money("0"), "not_positive"),
        (side.money("-1"), "not_positive"),
        (side.money(f"1.{'0' * fine}1"), "too_precise"),
        (type(side.money()).parse("1", "XAU"), "currency"),
    ):
        with pytest.raises(DomainError) as refused:
            side.begin(money=money)
        assert refused.value.code == f"payments.{code}" and refused.value.field in ("amount", "currency")
    payment = side.begin(key="once")
    assert side.begin(key="once", reference=payment.reference).pk == payment.pk
    with pytest.raises(ConflictError):
        side.begin(key="once", reference=payment.reference, money=side.money("7"))
    with platform_context():
        assert (Payment.objects.count(), Payout.objects.count()) == (1, 0)
