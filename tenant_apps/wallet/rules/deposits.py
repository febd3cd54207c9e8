"""The states of a deposit; each follows from what its payment came to."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """``returned`` means that nothing of it is left: refunded, disputed or reversed."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RETURNED = "returned"


#: A payment may come in after it was given up (a late transfer), and what was credited may be taken back;
#: a dispute that was won gives back what a dispute took.
TRANSITIONS: Final[dict[State, frozenset[State]]] = {
    State.PENDING: frozenset({State.SUCCEEDED, State.FAILED}),
    State.FAILED: frozenset({State.SUCCEEDED}),
    State.SUCCEEDED: frozenset({State.RETURNED}),
    State.RETURNED: frozenset({State.SUCCEEDED}),
}


def may_follow(before: str, after: str) -> bool:
    """Whether a deposit may go from one state to the other."""
    return State(after) in TRANSITIONS[State(before)]


def state_after_return(credited: int, returned: int) -> State:
    """The state of a credited deposit of which so much has gone back."""
    return State.RETURNED if returned >= credited else State.SUCCEEDED


def withdrawable_from(now: datetime, delay: timedelta, may_be_charged_back: bool) -> datetime:
    """From when on a deposit may leave: at once, but for money that its payer can call back."""
    return now + delay if may_be_charged_back else now


def withdrawable(available: int, locked: int) -> int:
    """What may leave now, of what is available and not held; never negative. Units are the smallest."""
    return max(0, available - max(0, locked))


def to_settle(available: int, owed: int) -> int:
    """How much of a debt the wallet pays now: all that it has, and no more than is owed."""
    return max(0, min(available, owed))
