"""The state machine: each border at the second before, at it and after it; and as properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.subscriptions.rules import states
from billing.subscriptions.rules.states import AccessState, Action, Facts, Ladder, Status

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
DUE = datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC)
LADDER = Ladder()
TRIAL = Facts(next_billing_time=DUE)
PAYER = Facts(next_billing_time=DUE, has_paid=True)

#: facts, border, state and access before it, state and access from it on
BORDERS = {
    "a trial ends": (TRIAL, DUE, (Status.TRIAL, AccessState.TRIAL), (Status.PAST_DUE, AccessState.EXPIRED)),
    "a payer is due": (
        PAYER, DUE, (Status.PAYING, AccessState.PAYING), (Status.PAST_DUE, AccessState.PAYING),
    ),
    "a payer is read only": (
        PAYER, DUE + 21 * DAY, (Status.PAST_DUE, AccessState.PAYING), (Status.READ_ONLY, AccessState.EXPIRED),
    ),
    "a payer is suspended": (
        PAYER, DUE + 35 * DAY, (Status.READ_ONLY, AccessState.EXPIRED), (Status.SUSPENDED, AccessState.EXPIRED),
    ),
    "a trial is read only": (
        TRIAL, DUE + 21 * DAY, (Status.PAST_DUE, AccessState.EXPIRED), (Status.READ_ONLY, AccessState.EXPIRED),
    ),
    "a cancellation comes": (
        Facts(next_billing_time=DUE, has_paid=True, cancel_at=DUE), DUE,
        (Status.PAYING, AccessState.PAYING), (Status.CANCELED, AccessState.EXPIRED),
    ),
    "a plan that does not renew ends": (
        Facts(next_billing_time=DUE, has_paid=True, auto_renew=False), DUE,
        (Status.PAYING, AccessState.PAYING), (Status.CANCELED, AccessState.EXPIRED),
    ),
    "a free plan goes on": (
        Facts(next_billing_time=DUE, is_free=True), DUE,
        (Status.PAYING, AccessState.PAYING), (Status.PAYING, AccessState.PAYING),
    ),
    "a pause ends by itself": (
        Facts(next_billing_time=DUE, has_paid=True, paused_at=DUE - 9 * DAY, paused_until=DUE - 2 * DAY),
        DUE - 2 * DAY,
        (Status.INACTIVE, AccessState.INACTIVE), (Status.PAYING, AccessState.PAYING),
    ),
    "a pause puts the due time off": (
        Facts(next_billing_time=DUE, has_paid=True, paused_at=DUE - 9 * DAY, paused_until=DUE - 2 * DAY),
        DUE + 7 * DAY,
        (Status.PAYING, AccessState.PAYING), (Status.PAST_DUE, AccessState.PAYING),
    ),
}  # fmt: skip


@pytest.mark.req("F40", "S0-19")
@pytest.mark.parametrize("name", BORDERS)
def test_a_border_at_the_second(name: str) -> None:
    known, border, before, after = BORDERS[name]
    for moment, expected in (
        (border - SECOND, before),
        (border - timedelta(microseconds=1), before),
        (border, after),
        (border + SECOND, after),
    ):
        found = states.state_at(known, moment, LADDER), states.access_at(known, moment, LADDER)
        assert found == expected, moment


@pytest.mark.req("S0-19", "S0-21", "S0-22", "F40")
def test_without_a_clock_nothing_is_open_but_the_first_connection() -> None:
    assert states.access_at(Facts(), DUE, LADDER) is AccessState.INACTIVE
    open_actions = {action for action in Action if states.may(action, Facts(), None, DUE, LADDER)}
    assert open_actions == {Action.CONNECT}


@pytest.mark.req("F40")
@pytest.mark.parametrize("action", list(Action))
def test_one_function_decides_what_is_open(action: Action) -> None:
    before, at = DUE - SECOND, DUE
    assert states.may(action, TRIAL, None, before, LADDER)
    assert not states.may(action, TRIAL, None, at, LADDER)
    assert states.may(action, PAYER, None, at, LADDER), "who has paid keeps it while reminders go out"
    assert not states.may(action, PAYER, None, DUE + 21 * DAY, LADDER)
    assert not states.may(action, PAYER, frozenset(), before, LADDER), "the plan does not include it"
    assert states.may(action, PAYER, frozenset({action}), before, LADDER)
    paused = Facts(next_billing_time=DUE, has_paid=True, paused_at=before, paused_until=DUE + DAY)
    assert not states.may(action, paused, None, at, LADDER)


@pytest.mark.req("F42")
def test_reminders_come_on_day_0_3_7_and_14() -> None:
    for number, day in enumerate((0, 3, 7, 14), start=1):
        border = DUE + day * DAY
        assert states.reminders_due(PAYER, border - SECOND, LADDER) == number - 1
        assert states.reminders_due(PAYER, border, LADDER) == number
    assert states.reminders_due(PAYER, DUE + 500 * DAY, LADDER) == 4
    free = Facts(next_billing_time=DUE, is_free=True)
    assert states.reminders_due(free, DUE + 500 * DAY, LADDER) == 0


@pytest.mark.req("F42")
def test_the_next_moment_leads_through_all_borders() -> None:
    walked, now = [], DUE - 3 * DAY
    while (moment := states.next_moment(PAYER, now, LADDER)) is not None:
        walked.append((moment - DUE).days)
        now = moment
    assert walked == [0, 3, 7, 14, 21, 35]


def hours(low: int, high: int) -> st.SearchStrategy[datetime]:
    return st.integers(low, high).map(lambda number: DUE + timedelta(hours=number))


FACTS = st.builds(
    Facts,
    next_billing_time=st.none() | hours(-500, 500),
    has_paid=st.booleans(),
    is_free=st.booleans(),
    auto_renew=st.booleans(),
    cancel_at=st.none() | hours(-500, 500),
)
LADDERS = st.builds(
    lambda reminders, first, more: Ladder(tuple(sorted(reminders)), first, first + more),
    st.sets(st.integers(0, 60).map(lambda days: days * DAY), min_size=1),
    st.integers(0, 60).map(lambda days: days * DAY),
    st.integers(0, 60).map(lambda days: days * DAY),
)


@pytest.mark.req("F40", "F42")
@given(FACTS, LADDERS, st.lists(hours(-1000, 4000), min_size=2))
def test_time_alone_only_takes_legal_steps(known: Facts, ladder: Ladder, moments: list[datetime]) -> None:
    seen = [states.state_at(known, moment, ladder) for moment in sorted(moments)]
    for before, after in pairwise(seen):
        assert before is after or states.may_follow(before, after)


@given(FACTS, LADDERS, hours(-1000, 4000))
def test_nothing_changes_before_the_next_moment(known: Facts, ladder: Ladder, now: datetime) -> None:
    """So looking at a subscription only then misses nothing."""
    moment = states.next_moment(known, now, ladder)
    last = DUE + timedelta(hours=9000) if moment is None else moment - timedelta(microseconds=1)
    assert states.state_at(known, now, ladder) is states.state_at(known, last, ladder)
    assert states.access_at(known, now, ladder) is states.access_at(known, last, ladder)
    assert states.reminders_due(known, now, ladder) == states.reminders_due(known, last, ladder)


@pytest.mark.req("F42")
@given(FACTS, LADDERS, hours(-1000, 4000))
def test_a_payment_opens_everything_again(known: Facts, ladder: Ladder, now: datetime) -> None:
    state = states.state_at(known, now, ladder)
    if state is Status.CANCELED:
        return
    paid = Facts(next_billing_time=now + 35 * DAY, has_paid=True)
    assert states.state_at(paid, now, ladder) is Status.PAYING
    assert state is Status.PAYING or states.may_follow(state, Status.PAYING)
    assert states.access_at(paid, now, ladder) is AccessState.PAYING


@given(FACTS, LADDERS, hours(-1000, 4000))
def test_what_is_canceled_stays_canceled(known: Facts, ladder: Ladder, now: datetime) -> None:
    if states.state_at(known, now, ladder) is Status.CANCELED:
        assert states.state_at(known, now + 1000 * DAY, ladder) is Status.CANCELED
