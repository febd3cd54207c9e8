"""What every venue can do, what it may answer, and the registry of the venues that are installed.

A venue never sees our database rows: it takes a `VenueOrder` and answers an `OrderReport`, or raises a
`VenueError`. The important distinction is between an error that proves that nothing happened
(`VenueRejected`, `VenueUnavailable` before sending) and one that leaves it open (`VenueTimeout`): after
the second an order is UNKNOWN until `find` has proved what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class Side(StrEnum):
    """The direction of an order."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> Side:
        """Return the side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY

    @property
    def sign(self) -> int:
        """Return what the side does to a position: +1 or -1."""
        return 1 if self is Side.BUY else -1


class OrderType(StrEnum):
    """How an order asks for its price."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"
    TRAILING = "trailing"


class TimeInForce(StrEnum):
    """How long an order works."""

    DAY = "day"
    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    GTD = "gtd"


class VenueOrderState(StrEnum):
    """Where a venue says an order stands. The values are those of `trading`'s OrderStatus."""

    ACCEPTED = "accepted"
    TRIGGERED = "triggered"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class VenueCapabilities:
    """What a venue does itself. What it lacks is either refused or emulated by us, and then says so."""

    order_types: frozenset[OrderType]
    times_in_force: frozenset[TimeInForce]
    client_id_length: int
    simulated: bool
    hedging: bool = False
    bracket: bool = False
    trailing: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An order as a venue receives it. `signal_bar_opened_at` is the bar whose close produced it, if one
    did."""

    client_order_id: str
    symbol: str
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    signal_bar_opened_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VenueExecution:
    """One fill. `venue_execution_id` is unique in the account for ever; `executed_at` is the venue's time
    in UTC."""

    venue_execution_id: str
    client_order_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    executed_at: datetime


@dataclass(frozen=True, slots=True)
class OrderReport:
    """Everything a venue knows about one order; `executions` holds all of its fills so far, in order."""

    client_order_id: str
    venue_order_id: str
    state: VenueOrderState
    executions: tuple[VenueExecution, ...] = ()
    reason_code: str = ""
    raw: Mapping[str, object] = field(default_factory=dict)

    @property
    def filled_quantity(self) -> Decimal:
        """Return the sum of the fills."""
        return sum((execution.quantity for execution in self.executions), Decimal(0))


class VenueError(Exception):
    """A venue did not do what it was asked. `code` is ours (`venue.rejected`), the text is for the log."""

    code = "venue.error"


class VenueRejected(VenueError):
    """The venue refused the order: it is certain that nothing was executed."""

    code = "venue.rejected"

    def __init__(self, reason_code: str, text: str = "") -> None:
        super().__init__(text or reason_code)
        self.reason_code = reason_code


class VenueUnavailable(VenueError):
    """The venue could not be reached: it is certain that it did not receive the order."""

    code = "venue.transient"


class VenueTimeout(VenueError):
    """The order was sent and no answer came: it may have been executed."""

    code = "venue.timeout"


class VenueAuthFailed(VenueError):
    """The venue does not accept the account's credentials any more."""

    code = "venue.auth_failed"


class Venue(Protocol):
    """A connection to one trading account at one venue."""

    capabilities: VenueCapabilities

    def connect(self) -> None:
        """Prove that the account can be reached. Raises VenueError."""

    def submit(self, order: VenueOrder) -> OrderReport:
        """Hand in an order; handing in the same client order id again answers for the first one.

        Raises VenueRejected, VenueUnavailable or VenueTimeout.
        """

    def cancel(self, client_order_id: str) -> OrderReport:
        """Ask to cancel what is not yet filled and say where the order stands then. Raises VenueError."""

    def find(self, client_order_id: str) -> OrderReport | None:
        """Say what is known of an order. None proves that the venue never received it. Raises VenueError."""


@dataclass(frozen=True, slots=True)
class AccountConnection:
    """What a venue needs to open an account: names and settings, never a database row."""

    account_id: str
    currency: str
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VenueType:
    """An installed venue: how it is called, how a connection to it is opened and which settings it knows.

    `label` is a message id. `check_settings` raises ValueError for settings that `open` would not accept.
    """

    key: str
    label: str
    capabilities: VenueCapabilities
    open: Callable[[AccountConnection], Venue]
    check_settings: Callable[[Mapping[str, object]], None]


class UnknownVenue(LookupError):
    """No venue is installed under this key."""


_VENUES: dict[str, VenueType] = {}


def register_venue(venue: VenueType) -> None:
    """Install a venue (from `AppConfig.ready`). Registering one key for two venues is a programming error."""
    known = _VENUES.get(venue.key)
    if known is not None and known != venue:
        raise ValueError(f"venue {venue.key!r} is registered twice")
    _VENUES[venue.key] = venue


def venue_types() -> tuple[VenueType, ...]:
    """Return the installed venues, by key."""
    return tuple(_VENUES[key] for key in sorted(_VENUES))


def venue_type(key: str) -> VenueType:
    """Return one installed venue. Raises UnknownVenue."""
    try:
        return _VENUES[key]
    except KeyError:
        raise UnknownVenue(key) from None
