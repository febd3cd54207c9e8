"""Pure decisions about bots: their states, and whether what a strategy wants may be done."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from shared_apps.market_data.rules import Interval

MAX_SIGNAL_AGE_BARS = 5
"""A bot that was away trades no older signals: their price is history. It still records them."""


class BotStatus(StrEnum):
    """Where a bot stands. A paused bot still watches and may leave a position, but enters none."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    ERROR = "error"


class Verdict(StrEnum):
    """What became of a decision."""

    NO_TRADE = "no_trade"
    ORDERED = "ordered"
    STALE = "stale"
    ENTRIES_PAUSED = "entries_paused"
    REFUSED = "refused"


TRANSITIONS: dict[BotStatus, frozenset[BotStatus]] = {
    BotStatus.CREATED: frozenset({BotStatus.RUNNING, BotStatus.STOPPED}),
    BotStatus.RUNNING: frozenset({BotStatus.PAUSED, BotStatus.STOPPED, BotStatus.ERROR}),
    BotStatus.PAUSED: frozenset({BotStatus.RUNNING, BotStatus.STOPPED, BotStatus.ERROR}),
    BotStatus.STOPPED: frozenset({BotStatus.RUNNING}),
    BotStatus.ERROR: frozenset({BotStatus.RUNNING, BotStatus.STOPPED}),
}

AT_WORK = frozenset({BotStatus.RUNNING, BotStatus.PAUSED})
"""States in which a bot decides on every bar."""


def is_legal(current: BotStatus, new: BotStatus) -> bool:
    """Tell whether a bot that is `current` may become `new`."""
    return new in TRANSITIONS[current]


def is_stale(bar_opened_at: datetime, last_opened_at: datetime, interval: Interval) -> bool:
    """Tell whether a signal is too old to trade, seen from the last closed bar."""
    return (last_opened_at - bar_opened_at) // interval.duration > MAX_SIGNAL_AGE_BARS


def reduces(held: Decimal, signed_quantity: Decimal) -> bool:
    """Tell whether an order only makes a position smaller and does not turn it over."""
    return held != 0 and (held > 0) != (signed_quantity > 0) and abs(signed_quantity) <= abs(held)
