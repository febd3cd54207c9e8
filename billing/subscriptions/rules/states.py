"""What state a subscription is in at a moment, and what it opens.

The state follows from a few facts and the clock alone, so it is right at the very second of each border,
whether or not a task has come by. The stored status is what the last command saw: for lists and events.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)


class Status(StrEnum):
    """The states of a contract."""

    INACTIVE = "inactive"
    """Its clock has not begun (no data source yet, S0-22; not paid yet), or it is paused."""
    TRIAL = "trial"
    PAYING = "paying"
    PAST_DUE = "past_due"
    """Due and not paid: reminders go out. Who has paid before keeps everything meanwhile."""
    READ_ONLY = "read_only"
    SUSPENDED = "suspended"
    CANCELED = "canceled"


class AccessState(StrEnum):
    """What others ask for (S0-19, S0-22)."""

    INACTIVE = "inactive"
    TRIAL = "trial"
    PAYING = "paying"
    EXPIRED = "expired"


class Action(StrEnum):
    """What a subscription opens; also the words of a plan's ``entitlements``."""

    CONNECT = "connect"
    TRADE = "trade"
    BOTS = "bots"


#: Which stored state may follow which. Time may pass several borders before anybody looks, an option may move
#: a border back, and a payment opens everything again; what is canceled stays canceled.
TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.INACTIVE: frozenset(set(Status) - {Status.INACTIVE}),
    Status.TRIAL: frozenset(set(Status) - {Status.TRIAL}),
    Status.PAYING: frozenset(set(Status) - {Status.PAYING, Status.TRIAL}),
    Status.PAST_DUE: frozenset({Status.PAYING, Status.READ_ONLY, Status.SUSPENDED, Status.CANCELED}),
    Status.READ_ONLY: frozenset({Status.PAYING, Status.PAST_DUE, Status.SUSPENDED, Status.CANCELED}),
    Status.SUSPENDED: frozenset({Status.PAYING, Status.PAST_DUE, Status.READ_ONLY, Status.CANCELED}),
    Status.CANCELED: frozenset(),
}


#: States in which a payment is due and missing.
OWING = frozenset({Status.PAST_DUE, Status.READ_ONLY, Status.SUSPENDED})


@dataclass(frozen=True, slots=True)
class Ladder:
    """What happens how long after a payment was due (F42)."""

    reminders: tuple[timedelta, ...] = (0 * _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY)
    read_only_after: timedelta = 21 * _DAY
    suspended_after: timedelta = 35 * _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a subscription's state depends on beside the clock.

    ``next_billing_time`` None: the clock has not begun. ``has_paid``: something was ever paid on it.
    ``is_free``: nothing is ever due. ``cancel_at``: when it ends, decided beforehand or long ago. A pause has
    a beginning and an end; the clock stands in between.
    """

    next_billing_time: datetime | None = None
    has_paid: bool = False
    is_free: bool = False
    auto_renew: bool = True
    cancel_at: datetime | None = None
    paused_at: datetime | None = None
    paused_until: datetime | None = None

    def is_paused(self, now: datetime) -> bool:
        """Whether a pause is on."""
        return self.paused_at is not None and (self.paused_until is None or now < self.paused_until)

    def due_at(self, now: datetime) -> datetime | None:
        """When the next payment is due, a pause that is over counted in; None while the clock stands."""
        due = self.next_billing_time
        if due is None or self.paused_at is None or self.paused_until is None:
            return None if self.paused_at is not None else due
        return None if now < self.paused_until else due + (self.paused_until - self.paused_at)


def state_at(facts: Facts, now: datetime, ladder: Ladder) -> Status:
    """The state at a moment. A border belongs to what begins with it: at the due second it is due."""
    due = facts.due_at(now)
    if facts.cancel_at is not None and now >= facts.cancel_at:
        return Status.CANCELED
    if due is None:
        return Status.INACTIVE
    if now < due:
        return Status.PAYING if facts.has_paid or facts.is_free else Status.TRIAL
    if facts.is_free:
        return Status.PAYING
    if not facts.auto_renew:
        return Status.CANCELED
    if now < due + ladder.read_only_after:
        return Status.PAST_DUE
    return Status.READ_ONLY if now < due + ladder.suspended_after else Status.SUSPENDED


def access_at(facts: Facts, now: datetime, ladder: Ladder) -> AccessState:
    """Inactive, trial, paying or expired. A trial that is not paid for has expired at its due second; who has
    paid before keeps access while reminders go out."""
    state = state_at(facts, now, ladder)
    if state is Status.INACTIVE:
        return AccessState.INACTIVE
    if state is Status.TRIAL:
        return AccessState.TRIAL
    if state is Status.PAYING or (state is Status.PAST_DUE and facts.has_paid):
        return AccessState.PAYING
    return AccessState.EXPIRED


def may(
    action: Action, facts: Facts, entitlements: frozenset[str] | None, now: datetime, ladder: Ladder
) -> bool:
    """Whether a subscriber may do something at a moment (F40); ``entitlements`` None: everything.

    The first data source may be connected before the clock runs: that is what starts it (S0-22, S0-23).
    """
    if entitlements is not None and action not in entitlements:
        return False
    access = access_at(facts, now, ladder)
    if access in (AccessState.TRIAL, AccessState.PAYING):
        return True
    return action is Action.CONNECT and access is AccessState.INACTIVE and not facts.is_paused(now)


def may_follow(before: Status, after: Status) -> bool:
    """Whether a stored state may follow another."""
    return after in TRANSITIONS[before]


def reminders_due(facts: Facts, now: datetime, ladder: Ladder) -> int:
    """How many reminders should have gone out by now."""
    due = facts.due_at(now)
    if due is None or state_at(facts, now, ladder) not in OWING:
        return 0
    return sum(now >= due + after for after in ladder.reminders)


def next_moment(facts: Facts, now: datetime, ladder: Ladder) -> datetime | None:
    """When something happens next by the clock alone; None: nothing does."""
    borders = [] if facts.cancel_at is None else [facts.cancel_at]
    due = facts.due_at(now)
    if facts.is_paused(now) and facts.paused_until is not None:
        borders.append(facts.paused_until)
    if due is not None:
        borders.append(due)
        if not facts.is_free and facts.auto_renew:
            borders += [due + after for after in ladder.reminders]
            borders += [due + ladder.read_only_after, due + ladder.suspended_after]
    return min((border for border in borders if border > now), default=None)
