"""The market as the paper venue sees it: the shared candles, up to the last closed one."""

from __future__ import annotations

from shared_apps.market_data import queries
from shared_apps.market_data.models import Instrument
from shared_apps.market_data.rules import Bar, InstrumentSpec


class StoredMarket:
    """Reads instruments and candles; one object serves one call, and asks for each instrument once."""

    def __init__(self) -> None:
        self._known: dict[str, Instrument | None] = {}

    def spec(self, symbol: str) -> InstrumentSpec | None:
        """Return an instrument's steps, or None when it is not traded."""
        instrument = self._instrument(symbol)
        return None if instrument is None else instrument.spec

    def last_bar(self, symbol: str) -> Bar | None:
        """Return the last closed bar, or None before the first."""
        instrument = self._instrument(symbol)
        return None if instrument is None else queries.last_bar(instrument)

    def _instrument(self, symbol: str) -> Instrument | None:
        if symbol not in self._known:
            self._known[symbol] = queries.find_instrument(symbol)
        return self._known[symbol]
