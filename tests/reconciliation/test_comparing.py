"""Every kind of difference, really made, is found with its cause and to the cent; and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connections, transaction

from billing.payments.models import Payment, PaymentGatewayConfig
from billing.payments.rules import ledger_key
from billing.reconciliation.models import Break, LedgerCheck
from shared_apps.core.context import platform_context, tenant_context
from shared_apps.core.money import Money
from shared_apps.ledger import services as ledger
from shared_apps.ledger.rules import Leg
from shared_apps.tenants.models import Tenant
from tests.reconciliation.conftest import Books, breaks, compare

pytestmark = [pytest.mark.django_db, pytest.mark.req("F46")]


def key_of(payment: Payment) -> str:
    return ledger_key("lab", payment.provider_reference, "succeeded")


def test_books_that_agree(books: Books) -> None:
    books.deposit()
    refunded = books.deposit("40.00")
    books.remote.refund(refunded, 1500)
    books.remote.deliver()
    books.payout()
    run = compare()
    assert breaks(run) == []
    assert (run.state, run.movements, run.asked, run.unanswered, run.break_count) == ("clean", 4, 4, 0, 0)
    assert run.ledgers == 3  # the platform, acme, globex


def test_a_refund_that_came_back_late_agrees(books: Books) -> None:
    payment = books.deposit("40.00")
    refund = books.remote.refund(payment, 1500)
    books.remote.fail_refund(refund)
    books.remote.deliver()
    run = compare()
    assert (breaks(run), run.movements) == ([], 3)


def test_a_payment_that_was_not_booked(books: Books) -> None:
    payment = books.unbooked()
    assert breaks(compare()) == [("missing_posting", key_of(payment), -2500, None)]
    with platform_context():
        row = Break.objects.get()
    assert (row.tenant, row.object_kind, row.object_id, row.asset) == (
        books.tenant,
        "payment",
        str(payment.pk),
        "EUR",
    )


@pytest.mark.parametrize(
    ("booked", "code"),
    [(-2499, ""), (-2500, "clearing:other:1"), (2500, "")],
    ids=["cent", "account", "sign"],
)
def test_a_payment_that_was_booked_otherwise(books: Books, booked: int, code: str) -> None:
    payment = books.unbooked()
    books.post(key_of(payment), booked, code)
    assert breaks(compare()) == [("posting_differs", key_of(payment), -2500, 0 if code else booked)]


def test_a_posting_that_no_payment_stands_behind(books: Books) -> None:
    books.post("lab:pay_invented:succeeded", -700)
    assert breaks(compare()) == [("unknown_posting", "lab:pay_invented:succeeded", None, -700)]


def test_the_demos_own_money_is_no_difference_on_simulated_accounts_alone(books: Books) -> None:
    books.post("demo:deposit:1", -700)
    books.post("demo:deposit:2", -700, "clearing:stripe:real")
    assert breaks(compare()) == [("unknown_posting", "demo:deposit:2", None, -700)]


def test_a_payment_that_the_provider_lost(books: Books) -> None:
    payment = books.deposit()
    books.lose(payment)
    assert breaks(compare()) == [("missing_at_provider", f"lab:{payment.provider_reference}", 2500, None)]


def test_a_payment_that_ended_otherwise_at_the_provider(books: Books) -> None:
    payment = books.deposit()
    books.tamper(payment, state="failed")
    assert breaks(compare()) == [("state_differs", f"lab:{payment.provider_reference}", 2500, 2500)]


def test_a_payout_that_came_back_without_a_word(books: Books) -> None:
    payout = books.payout()
    books.tamper(payout, state="failed")
    assert [cause for cause, *_rest in breaks(compare())] == ["state_differs"]


def test_money_that_came_after_we_gave_it_up(books: Books) -> None:
    payment = books.remote.started(purpose="deposit", reference="x")
    books.remote.decline(payment)
    books.remote.caught_up(payment)
    assert compare().state == "clean"
    books.tamper(payment, state="succeeded")
    assert breaks(compare()) == [("state_differs", f"lab:{payment.provider_reference}", 0, 2500)]


def test_another_amount_at_the_provider(books: Books) -> None:
    payment = books.deposit()
    books.tamper(payment, money=Money(Decimal("24.99"), "EUR"))
    assert breaks(compare()) == [("amount_differs", f"lab:{payment.provider_reference}", 2500, 2499)]


def test_money_that_only_the_provider_knows(books: Books) -> None:
    payment = books.deposit()
    there = books.remote.lab.objects
    there["pay_secret"] = replace(there[payment.provider_reference], reference="pay_secret")
    assert breaks(compare()) == [("unknown_at_provider", "pay_secret", None, 2500)]


def test_a_provider_that_does_not_answer_makes_the_run_incomplete(books: Books) -> None:
    for _ in range(5):
        books.deposit()
    books.remote.lab.fault = "down"
    run = compare()
    assert (run.state, run.break_count) == ("incomplete", 0)
    assert (run.asked, run.unanswered) == (3, 6)  # three times, then the rest and the list are left alone


def test_an_account_that_cannot_be_opened_stops_nobody_elses_comparison(books: Books) -> None:
    books.deposit()
    with platform_context(), transaction.atomic():
        PaymentGatewayConfig.objects.filter(pk=books.remote.configuration.pk).update(secrets="not sealed")
    run = compare()
    assert (run.state, run.ledgers, run.unanswered) == ("incomplete", 3, 2)


def test_only_what_ended_lately_is_asked_about_and_all_is_compared(books: Books) -> None:
    from datetime import timedelta

    from django.utils import timezone

    payment = books.deposit()
    with platform_context(), transaction.atomic():
        Payment.objects.filter(pk=payment.pk).update(ended_at=timezone.now() - timedelta(days=9))
    run = compare()
    assert (run.state, run.movements, run.asked) == ("clean", 1, 0)


def test_another_tenants_money_does_not_count(books: Books, globex: Tenant) -> None:
    payment = books.unbooked()
    with tenant_context(globex), transaction.atomic():
        legs = [Leg(books.clearing, "EUR", -2500), Leg("revenue:fees", "EUR", 2500)]
        ledger.post(key=key_of(payment), kind="test", legs=legs)
    assert [cause for cause, *_rest in breaks(compare())] == ["missing_posting", "unknown_posting"]


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
def test_a_ledger_whose_rows_were_changed(books: Books) -> None:
    books.deposit()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            f'UPDATE "{books.tenant.schema_name}".ledger_ledgeraccount SET balance = balance + 1 WHERE code = %s',
            [books.member],
        )
    run = compare()
    assert run.state == "broken"
    assert breaks(run) == [("ledger_internal", books.member, 2500, 2501), ("ledger_unbalanced", "", 0, 1)]


def test_what_was_compared_already_is_not_compared_again(books: Books) -> None:
    """A run that is broken off goes on where it was; a second delivery adds nothing."""
    from billing.reconciliation import services
    from tests.reconciliation.conftest import fresh_run, superadmin

    books.unbooked()
    run = services.start_run(actor=superadmin())
    assert services.carry_out(run.pk, seconds=-1) is False
    assert services.carry_out(run.pk) is True
    assert services.carry_out(run.pk) is True
    assert (fresh_run(run).break_count, len(breaks(run))) == (1, 1)
    with platform_context():
        assert LedgerCheck.objects.filter(run=run).count() == 3
