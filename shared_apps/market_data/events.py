"""What happens in the market data, said once."""

from __future__ import annotations

from dataclasses import dataclass

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class InstrumentCreated(Event):
    """An instrument can be traded from now on."""

    name = "market_data.instrument_created"
    symbol: str


@dataclass(frozen=True, kw_only=True)
class CandlesImported(Event):
    """A file of candles was read."""

    name = "market_data.candles_imported"
    symbol: str
    interval: str
    read: int
    inserted: int
    changed: int
    refused: int


@dataclass(frozen=True, kw_only=True)
class FeedStarted(Event):
    """A demo market plays."""

    name = "market_data.feed_started"
    symbol: str
    interval: str
    kind: str


@dataclass(frozen=True, kw_only=True)
class FeedStopped(Event):
    """A demo market stands still."""

    name = "market_data.feed_stopped"
    symbol: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class CandleClosed(Event):
    """The market of an instrument moved on by one candle. `opened_at` is ISO 8601."""

    name = "market_data.candle_closed"
    symbol: str
    interval: str
    opened_at: str
