"""The states of a withdrawal, who may decide on it, and what happens to the money in each step."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID


class State(StrEnum):
    """Money is held while a withdrawal waits or is sent, gone when it is paid, and back otherwise."""

    WAITING = "waiting"
    SENDING = "sending"
    PAID = "paid"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    RETURNED = "returned"


#: The money is reserved in the wallet.
OPEN: Final = (State.WAITING, State.SENDING)
#: What counts against the limits: everything that has left, or may leave yet.
COUNTED: Final = (*OPEN, State.PAID)

TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.WAITING: frozenset({State.SENDING, State.REJECTED, State.CANCELLED}),
    State.SENDING: frozenset({State.PAID, State.FAILED}),
    State.PAID: frozenset({State.RETURNED}),
    State.FAILED: frozenset(),
    State.REJECTED: frozenset(),
    State.CANCELLED: frozenset(),
    State.RETURNED: frozenset(),
}


class Step(StrEnum):
    """What a transition does with the money."""

    NOTHING = "nothing"
    RELEASE = "release"
    CAPTURE = "capture"
    GIVE_BACK = "give_back"


#: The step of the ledger that belongs to entering a state.
STEPS: Final[dict[State, Step]] = {
    State.WAITING: Step.NOTHING,
    State.SENDING: Step.NOTHING,
    State.PAID: Step.CAPTURE,
    State.FAILED: Step.RELEASE,
    State.REJECTED: Step.RELEASE,
    State.CANCELLED: Step.RELEASE,
    State.RETURNED: Step.GIVE_BACK,
}


def may_follow(before: str, after: str) -> bool:
    """Whether a withdrawal may go from one state to the other."""
    return State(after) in TRANSITIONS[State(before)]


def approvals_needed(value: Decimal, *, approval_above: Decimal, four_eyes_above: Decimal) -> int:
    """How many people must agree to the last withdrawal of a day that comes to ``value``: 0, 1 or 2."""
    if value > four_eyes_above:
        return 2
    return 1 if value > approval_above else 0


def decision_fault(
    *, state: str, owner: UUID, approver: UUID | None, approved_by: Collection[UUID]
) -> str | None:
    """Why somebody may not decide now: ``no_member``, ``own``, ``decided``, ``twice``; or None.

    ``approved_by`` are those who agreed already; ``approver`` None is nobody with a seat here.
    """
    if approver is None:
        return "no_member"
    if approver == owner:
        return "own"
    if state != State.WAITING:
        return "decided"
    return "twice" if approver in approved_by else None


def cooling_until(*moments: datetime | None, now: datetime) -> datetime | None:
    """Until when nothing is paid out, the latest of several reasons; None when no reason holds any more."""
    return max((moment for moment in moments if moment is not None and moment > now), default=None)
