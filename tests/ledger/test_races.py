"""Many at once, with real commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest
from django.db import connection, transaction

from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.errors import DomainError
from shared_apps.ledger import queries, services
from shared_apps.ledger.models import Entry, Hold, Posting
from shared_apps.ledger.rules import Balance, Leg
from shared_apps.tenants.models import Tenant

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("F44", "S1-10", "S1-11")]

THREADS = 50


@pytest.fixture
def bank() -> Iterator[Tenant]:
    with platform_context():
        tenant = Tenant.objects.get(slug="acme")
    with tenant_context(tenant), audit_context(actor_label="test"):
        yield tenant


def pay(amount: int, *, key: str, source: str = "clearing:x:1", target: str = "member:a") -> Posting:
    with transaction.atomic(durable=True):
        return services.post(
            key=key, kind="x", legs=[Leg(source, "EUR", -amount), Leg(target, "EUR", amount)]
        )


def at_once(work: Callable[[int], Any], times: int) -> list[Any]:
    """Run the work in many threads; what the ledger refuses is returned as its code."""

    def one(number: int) -> Any:
        try:
            return work(number)
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [future.result() for future in [pool.submit(copy_context().run, one, n) for n in range(times)]]


def test_of_240_withdrawals_of_one_exactly_the_70_that_are_there_succeed(bank: Tenant) -> None:
    pay(70, key="in")
    outcomes = at_once(
        lambda number: pay(1, key=f"out:{number}", source="member:a", target="clearing:x:1").kind, 240
    )
    assert Counter(outcomes) == {"x": 70, "ledger.insufficient_funds": 170}
    assert queries.balance("member:a", "EUR") == Balance("EUR", 0, 0)
    assert (Posting.objects.count(), Entry.objects.count(), queries.recompute()) == (71, 142, [])


def test_of_240_holds_of_one_exactly_70_are_made_and_captured_once(bank: Tenant) -> None:
    pay(70, key="in")

    def reserve(number: int) -> str:
        with transaction.atomic(durable=True):
            return str(services.hold(key=f"h:{number}", code="member:a", asset="EUR", minor_units=1).state)

    assert Counter(at_once(reserve, 240)) == {"active": 70, "ledger.insufficient_funds": 170}
    ids = list(Hold.objects.values_list("pk", flat=True))

    def take(number: int) -> bool:
        with transaction.atomic(durable=True):
            hold_id = ids[number % len(ids)]
            legs = [Leg("member:a", "EUR", -1), Leg("clearing:x:1", "EUR", 1)]
            return services.capture(hold_id, key=f"c:{hold_id}", kind="x", legs=legs).replayed

    assert Counter(at_once(take, 140)) == {False: 70, True: 70}
    assert queries.balance("member:a", "EUR") == Balance("EUR", 0, 0)
    assert queries.recompute() == []


def test_one_key_at_once_is_one_posting(bank: Tenant) -> None:
    replayed = at_once(lambda _number: pay(5, key="same", target="member:new").replayed, 60)
    assert Counter(replayed) == {False: 1, True: 59}
    assert queries.balance("member:new", "EUR").balance == 5


def test_one_key_with_different_legs_at_once_is_one_posting(bank: Tenant) -> None:
    outcomes = at_once(lambda number: pay(5, key="same", target=f"member:{number}").replayed, 40)
    assert Counter(outcomes) == {False: 1, "ledger.key_reused": 39}
    assert (Posting.objects.count(), queries.totals()) == (1, {"EUR": 0})


def test_transfers_in_both_directions_never_wait_for_each_other(bank: Tenant) -> None:
    """Accounts are locked in the order of their ids, new ones are opened before any is locked."""
    names = [f"member:{name}" for name in "abcdef"]
    for name in names[:3]:
        pay(1000, key=name, target=name)

    def transfer(number: int) -> str:
        source, target = names[number % 3], names[(number * 5 + 1) % 6]
        if source == target:
            return "x"
        legs = [Leg(source, "EUR", -2), Leg(target, "EUR", 1), Leg("revenue:fees", "EUR", 1)]
        with transaction.atomic(durable=True):
            return str(services.post(key=f"t:{number}", kind="x", legs=legs[:: 1 if number % 2 else -1]).kind)

    assert set(at_once(transfer, 200)) == {"x"}
    assert (queries.totals(), queries.recompute()) == ({"EUR": 0}, [])
