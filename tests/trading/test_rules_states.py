from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_apps.trading.rules.states import (
    TERMINAL,
    TRANSITIONS,
    WORKING,
    IllegalTransition,
    OrderStatus,
    advance,
    is_legal,
    path,
)
from tenant_apps.trading_accounts.venues.base import VenueOrderState

S = OrderStatus

# trading.md, "Transitions", written out a second time on purpose: a slip in the table must not copy itself.
SPECIFIED = {
    S.NEW: {S.DENIED, S.QUEUED, S.HELD},
    S.HELD: {S.QUEUED, S.CANCELED, S.EXPIRED},
    S.QUEUED: {S.SUBMITTED, S.CANCELED},
    S.SUBMITTED: {S.ACCEPTED, S.REJECTED, S.PARTIALLY_FILLED, S.FILLED, S.CANCELED, S.UNKNOWN},
    S.ACCEPTED: {
        S.TRIGGERED,
        S.PARTIALLY_FILLED,
        S.FILLED,
        S.PENDING_REPLACE,
        S.PENDING_CANCEL,
        S.CANCELED,
        S.EXPIRED,
        S.REJECTED,
    },
    S.CANCELED: {S.FILLED},
}


@pytest.mark.req("S1-22", "F54")
@pytest.mark.parametrize("current", sorted(SPECIFIED))
def test_the_table_is_the_specified_one(current: OrderStatus) -> None:
    assert TRANSITIONS[current] == SPECIFIED[current]


@pytest.mark.req("S1-22", "F54")
@given(current=st.sampled_from(S), new=st.sampled_from(S))
def test_only_legal_steps_are_taken(current: OrderStatus, new: OrderStatus) -> None:
    if is_legal(current, new):
        assert advance(current, new) is new
    else:
        with pytest.raises(IllegalTransition):
            advance(current, new)


@given(st.lists(st.sampled_from(S), max_size=30))
def test_a_finished_order_only_ever_hears_of_a_late_fill(wishes: list[OrderStatus]) -> None:
    current = S.NEW
    for wish in wishes:
        if not is_legal(current, wish):
            continue
        if current in TERMINAL:
            assert (current, wish) == (S.CANCELED, S.FILLED)
        current = advance(current, wish)


def test_every_state_is_reachable_and_none_is_a_trap() -> None:
    reached, frontier = {S.NEW}, [S.NEW]
    while frontier:
        for status in TRANSITIONS[frontier.pop()] - reached:
            reached.add(status)
            frontier.append(status)
    assert reached == set(S)
    assert all(TRANSITIONS[status] for status in WORKING)


def test_unknown_never_goes_back_to_where_no_venue_was_asked() -> None:
    assert not is_legal(S.UNKNOWN, S.NEW)
    assert not is_legal(S.UNKNOWN, S.DENIED)
    assert all(is_legal(S.UNKNOWN, S(state)) for state in VenueOrderState)


@given(state=st.sampled_from(VenueOrderState))
def test_whatever_a_venue_answers_first_has_a_legal_way(state: VenueOrderState) -> None:
    current = S.SUBMITTED
    for step in path(current, S(state)):
        current = advance(current, step)
    assert current is S(state)


def test_no_way_leads_out_of_a_final_state() -> None:
    with pytest.raises(IllegalTransition):
        path(S.FILLED, S.CANCELED)
