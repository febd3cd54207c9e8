"""Pure decisions about trading accounts: their states and what may follow what."""

from __future__ import annotations

from enum import StrEnum


class AccountMode(StrEnum):
    """How positions are kept: one per instrument, or one per ticket."""

    NETTING = "netting"
    HEDGING = "hedging"


class AccountStatus(StrEnum):
    """The connection to the venue."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    ERROR = "error"


TRANSITIONS: dict[AccountStatus, frozenset[AccountStatus]] = {
    AccountStatus.DISCONNECTED: frozenset({AccountStatus.CONNECTING}),
    AccountStatus.CONNECTING: frozenset(
        {AccountStatus.CONNECTED, AccountStatus.ERROR, AccountStatus.DISCONNECTED}
    ),
    AccountStatus.CONNECTED: frozenset({AccountStatus.DISCONNECTED, AccountStatus.ERROR}),
    AccountStatus.ERROR: frozenset({AccountStatus.CONNECTING, AccountStatus.DISCONNECTED}),
}


def is_legal(current: AccountStatus, new: AccountStatus) -> bool:
    """Tell whether an account that is `current` may become `new`."""
    return new in TRANSITIONS[current]
