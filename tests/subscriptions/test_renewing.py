"""The ladder: reminders, read only, suspended; each step undone by a payment, nothing deleted (F42)."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail

from billing.subscriptions import options, services, tasks
from billing.subscriptions.models import Subscription
from shared_apps.core.context import platform_context
from shared_apps.core.models import OutboxMessage
from shared_apps.core.options import values
from shared_apps.tenants import services as tenants
from shared_apps.tenants.models import Tenant
from tests.subscriptions.shop import DAY, START, Clock, Shop

pytestmark = pytest.mark.django_db
DUE = START + 35 * DAY


def work() -> list[str]:
    """What the worker would do with what is waiting; the names of the tasks."""
    done = []
    with platform_context():
        while (
            message := OutboxMessage.objects.filter(task__startswith="subscriptions.").order_by("pk").first()
        ):
            done.append(message.task)
            getattr(tasks, message.task.partition(".")[2]).run(**message.kwargs)
            OutboxMessage.objects.filter(pk=message.pk).delete()
    return done


def subjects() -> list[str]:
    found = [each.subject for each in mail.outbox]
    mail.outbox.clear()
    return found


@pytest.fixture
def paying(shop: Shop, clock: Clock) -> Shop:
    shop.connect()
    shop.pay(shop.choose("Basic"))
    return shop


@pytest.mark.req("F42")
def test_the_ladder_of_a_subscriber(paying: Shop, clock: Clock) -> None:
    told: dict[int, list[str]] = {}
    states: dict[int, str] = {}
    for day in range(40):
        clock.set(DUE + day * DAY)
        paying.look()
        paying.look()  # a second look changes nothing
        work()
        if found := subjects():
            told[day] = found
        states.setdefault(day, paying.contract().status)
    due = ["A payment to Acme Trading Club is due"]
    assert told == {
        0: due, 3: due, 7: due, 14: due,
        21: ["Your subscription at Acme Trading Club is read only"],
        35: ["Your subscription at Acme Trading Club is suspended"],
    }  # fmt: skip
    changes = {day: state for day, state in states.items() if state != states.get(day - 1)}
    assert changes == {0: "past_due", 21: "read_only", 35: "suspended"}
    charge = paying.open_charge()
    assert charge is not None and charge.attempts == 4, "one amount, asked for again"
    paying.pay()
    assert paying.contract().status == "paying" and paying.due == clock.at + 35 * DAY
    assert paying.contract().reminders == 0


def test_a_letter_leads_to_where_one_pays(paying: Shop, clock: Clock) -> None:
    clock.set(DUE)
    paying.look()
    work()
    (letter,) = mail.outbox
    assert letter.to == ["trader@acme.example.com"]
    assert "http://acme.localhost:8000/subscription/" in letter.body
    assert "35.00 EUR" in letter.body and "Basic" in letter.body


@pytest.mark.req("F42")
@pytest.mark.parametrize("day", [0, 20, 21, 34, 35, 400])
def test_every_step_is_undone_by_a_payment(paying: Shop, clock: Clock, day: int) -> None:
    clock.set(DUE + day * DAY)
    paying.look()
    assert paying.contract().status in ("past_due", "read_only", "suspended")
    paying.pay()
    assert paying.contract().status == "paying"
    assert paying.access().access_state == "paying"


def test_a_worker_that_was_away_reminds_once(paying: Shop, clock: Clock) -> None:
    clock.set(DUE + 10 * DAY)
    paying.look()
    work()
    assert subjects() == ["A payment to Acme Trading Club is due"]
    assert paying.contract().reminders == 3


def test_the_ladder_is_the_seller_s(paying: Shop, clock: Clock) -> None:
    with values({options.READ_ONLY_AFTER: DAY, options.REMINDERS: "1"}):
        paying.pay() if paying.open_charge() else None
        clock.set(DUE)
        paying.look()
        work()
        assert subjects() == [] and paying.contract().status == "past_due"
        clock.set(DUE + DAY)
        paying.look()
        assert paying.contract().status == "read_only"


def test_one_query_finds_what_is_due(paying: Shop, clock: Clock, django_assert_num_queries: Any) -> None:
    clock.set(DUE)
    with django_assert_num_queries(1):
        found = services.due_subscriptions(clock.at)
    assert found == [paying.contract().pk]
    assert services.due_subscriptions(DUE - DAY) == []
    paying.look()
    with platform_context():
        assert Subscription.objects.get().next_check_at == DUE + 3 * DAY


@pytest.mark.req("F42")
def test_an_attempt_that_failed_is_told_of(paying: Shop, clock: Clock) -> None:
    clock.set(DUE)
    paying.look()
    work()
    mail.outbox.clear()
    paying.fail()
    work()
    assert subjects() == ["A payment to Acme Trading Club failed"]
    charge = paying.open_charge()
    assert charge is not None and charge.failure == "card_declined"


@pytest.mark.req("F42", "S4-17")
def test_an_organisation_s_doors_close_and_open_again(platform_shop: Shop, clock: Clock) -> None:
    platform_shop.pay(platform_shop.choose("Starter"))
    due = platform_shop.due
    assert due is not None
    clock.set(due + 35 * DAY)
    platform_shop.look()
    work()
    tenant = Tenant.objects.get(pk=platform_shop.tenant.pk)
    assert (tenant.state, tenant.is_active) == ("suspended", False)
    assert sorted(subjects()) == [  # enqueued in one standing moment, so in no order
        "A payment for Acme Trading Club is due",
        "The doors of Acme Trading Club are closed",
    ]
    platform_shop.pay()
    work()
    tenant.refresh_from_db()
    assert (tenant.state, platform_shop.contract().closed_doors) == ("active", False)


def test_doors_that_the_staff_closed_stay_closed(platform_shop: Shop, clock: Clock) -> None:
    platform_shop.pay(platform_shop.choose("Starter"))
    due = platform_shop.due
    assert due is not None
    tenants.suspend_tenant(tenant_id=platform_shop.tenant.pk, reason="Police")
    clock.set(due + 35 * DAY)
    platform_shop.look()
    work()
    platform_shop.pay()
    work()
    assert Tenant.objects.get(pk=platform_shop.tenant.pk).state == "suspended"


def test_a_letter_about_an_organisation_goes_to_its_owners(platform_shop: Shop, clock: Clock) -> None:
    platform_shop.pay(platform_shop.choose("Starter"))
    clock.set(platform_shop.due or clock.at)
    platform_shop.look()
    work()
    (letter,) = mail.outbox
    assert letter.to == ["owner@acme.example.com"]
    uuid = platform_shop.tenant.uuid
    assert f"http://localhost:8000/subscription/?organisation={uuid}" in letter.body
