"""State machines: forward only, the same end in any order; references with check digits; waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649

from billing.payments import rules

FINAL = {"payment": {"succeeded"}, "refund": {"failed"}, "payout": {"failed"}, "dispute": {"won", "lost"}}
kinds = st.sampled_from(sorted(rules.MACHINES))


@st.composite
def seen(draw: st.DrawFn) -> tuple[str, list[str]]:
    kind = draw(kinds)
    return kind, draw(st.lists(st.sampled_from(sorted(rules.MACHINES[kind])), max_size=12))


def walk(kind: str, start: str, shown: list[str]) -> list[str]:
    states = [start]
    for state in shown:
        states.append(rules.settled_state(kind, states[-1], state))
    return states


@pytest.mark.req("S4-16")
@given(seen())
def test_nothing_ever_goes_back(case: tuple[str, list[str]]) -> None:
    kind, shown = case
    states = walk(kind, next(iter(rules.MACHINES[kind])), shown)
    distinct = [state for state, before in zip(states[1:], states, strict=False) if state != before]
    assert len(distinct) == len(set(distinct)) and states[0] not in distinct


@given(seen())
def test_what_was_shown_before_changes_nothing(case: tuple[str, list[str]]) -> None:
    kind, shown = case
    states = walk(kind, next(iter(rules.MACHINES[kind])), shown)
    if kind == "dispute":  # won and lost are both the end; the first one stays
        assert walk(kind, states[-1], shown)[-1] == states[-1] or states[-1] not in ("won", "lost")
    else:
        assert walk(kind, states[-1], shown)[-1] in {states[-1], *FINAL[kind]}


@pytest.mark.parametrize(
    ("kind", "lives"),
    [
        ("payment", [["sending", "pending", "processing", "succeeded"], ["pending", "failed", "succeeded"]]),
        ("refund", [["sending", "pending", "succeeded"], ["pending", "succeeded", "failed"]]),
        ("payout", [["sending", "pending", "settled"], ["pending", "settled", "failed"]]),
        ("dispute", [["needs_response", "under_review", "won"]]),
    ],
)
def test_a_life_ends_alike_in_whatever_order_it_is_told(kind: str, lives: list[list[str]]) -> None:
    first = next(iter(rules.MACHINES[kind]))
    for life in lives:
        assert {walk(kind, first, list(order))[-1] for order in permutations(life)} == {life[-1]}


def test_every_state_is_reachable_and_every_successor_known() -> None:
    for machine in rules.MACHINES.values():
        assert set().union(*machine.values()) | {next(iter(machine))} == set(machine)


@given(st.text(rules.REFERENCE_ALPHABET, min_size=1, max_size=21))
def test_references_have_their_check_digits(body: str) -> None:
    assert iso11649.is_valid(rules.creditor_reference(body))
    assert rules.in_groups(rules.creditor_reference(body)).replace(" ", "") == rules.creditor_reference(body)


@given(st.integers(1, 10**30), st.integers(0, 10**30), st.integers(-5, 10**30))
def test_refunds_never_exceed_what_was_paid(paid: int, refunded: int, wanted: int) -> None:
    fault = rules.refund_fault(paid=paid, refunded=refunded, wanted=wanted)
    assert (fault is None) == (0 < wanted <= paid - refunded)


@given(st.sampled_from(["order", "deposit", "subscription"]), st.integers(1, 100), st.integers(0, 200))
def test_amounts(purpose: str, asked: int, received: int) -> None:
    fault = rules.amount_fault(purpose=purpose, asked=asked, received=received)
    if received == 0:
        assert fault == "underpaid"
    elif purpose == "deposit" or received == asked:
        assert fault is None
    else:
        assert fault == ("underpaid" if received < asked else "overpaid")


@given(st.integers(1, 500))
def test_waits_grow_to_an_hour(attempts: int) -> None:
    wait = rules.retry_wait(attempts)
    assert timedelta(seconds=15) <= wait <= timedelta(hours=1)
    assert rules.retry_wait(attempts + 1) >= wait


def test_five_minutes_either_way() -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert not rules.is_stale(now - timedelta(minutes=5), now)
    assert rules.is_stale(now - timedelta(minutes=5, seconds=1), now)
    assert rules.is_stale(now + timedelta(minutes=6), now)
