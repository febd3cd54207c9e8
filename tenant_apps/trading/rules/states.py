"""The life of an order: its states and the only legal ways between them.

The states are those that FIX (tag 39), Alpaca, ccxt and MetaApi can be mapped onto. An order's status is
derived from its append-only events; a step that is not in this table is a bug or a lie of a venue and is
refused.
"""

from __future__ import annotations

from enum import StrEnum


class OrderStatus(StrEnum):
    """Where an order stands."""

    NEW = "new"
    QUEUED = "queued"
    DENIED = "denied"
    HELD = "held"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    TRIGGERED = "triggered"
    PARTIALLY_FILLED = "partially_filled"
    PENDING_REPLACE = "pending_replace"
    PENDING_CANCEL = "pending_cancel"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class IllegalTransition(ValueError):
    """An order was asked to take a step that no order may take."""

    def __init__(self, current: OrderStatus, new: OrderStatus) -> None:
        super().__init__(f"an order that is {current} cannot become {new}")
        self.current = current
        self.new = new


_S = OrderStatus
_PENDING = frozenset({_S.PENDING_REPLACE, _S.PENDING_CANCEL})
_ENDED_AT_VENUE = frozenset({_S.CANCELED, _S.EXPIRED, _S.REJECTED})
_FILLS = frozenset({_S.PARTIALLY_FILLED, _S.FILLED})
_BACK_OR_ON = frozenset({_S.ACCEPTED, _S.TRIGGERED, _S.UNKNOWN}) | _FILLS | _ENDED_AT_VENUE

TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    _S.NEW: frozenset({_S.DENIED, _S.QUEUED, _S.HELD}),
    _S.HELD: frozenset({_S.QUEUED, _S.CANCELED, _S.EXPIRED}),
    _S.QUEUED: frozenset({_S.SUBMITTED, _S.CANCELED}),
    _S.SUBMITTED: frozenset({_S.ACCEPTED, _S.REJECTED, _S.CANCELED, _S.UNKNOWN}) | _FILLS,
    # Reconciliation may find the order anywhere a venue can have it, or prove it absent (QUEUED, a new
    # attempt). It cannot find it where it stood before it was ever sent.
    _S.UNKNOWN: frozenset(_S) - {_S.UNKNOWN, _S.NEW, _S.DENIED},
    _S.ACCEPTED: frozenset({_S.TRIGGERED}) | _FILLS | _PENDING | _ENDED_AT_VENUE,
    _S.TRIGGERED: _FILLS | _PENDING | _ENDED_AT_VENUE,
    _S.PARTIALLY_FILLED: _FILLS | _PENDING | _ENDED_AT_VENUE,
    # A request that the venue refuses leads back to where the order was.
    _S.PENDING_REPLACE: _BACK_OR_ON,
    _S.PENDING_CANCEL: _BACK_OR_ON,
    # A fill that was under way when the cancel arrived.
    _S.CANCELED: frozenset({_S.FILLED}),
    _S.FILLED: frozenset(),
    _S.DENIED: frozenset(),
    _S.EXPIRED: frozenset(),
    _S.REJECTED: frozenset(),
}

TERMINAL = frozenset({_S.FILLED, _S.CANCELED, _S.EXPIRED, _S.REJECTED, _S.DENIED})
"""States from which no action of ours leads on."""

WORKING = frozenset(_S) - TERMINAL
"""States in which the order may still change the position."""

CANCELABLE_LOCALLY = frozenset({_S.HELD, _S.QUEUED})
"""States in which no venue knows the order, so that a cancel is final at once."""

CANCELABLE_AT_VENUE = frozenset({_S.ACCEPTED, _S.TRIGGERED, _S.PARTIALLY_FILLED})
"""States in which a cancel is a request to the venue."""


def is_legal(current: OrderStatus, new: OrderStatus) -> bool:
    """Tell whether an order that is `current` may become `new`."""
    return new in TRANSITIONS[current]


def advance(current: OrderStatus, new: OrderStatus) -> OrderStatus:
    """Return `new` when the step is legal. Raises IllegalTransition."""
    if not is_legal(current, new):
        raise IllegalTransition(current, new)
    return new


def path(current: OrderStatus, new: OrderStatus) -> tuple[OrderStatus, ...]:
    """Return the steps from `current` to what a venue reports.

    A venue that answers once may skip the acceptance that our table wants to see (a market order that
    expired unfilled); the step in between is then recorded too. Raises IllegalTransition when no such way
    exists.
    """
    if is_legal(current, new):
        return (new,)
    if is_legal(current, OrderStatus.ACCEPTED) and is_legal(OrderStatus.ACCEPTED, new):
        return (OrderStatus.ACCEPTED, new)
    raise IllegalTransition(current, new)
