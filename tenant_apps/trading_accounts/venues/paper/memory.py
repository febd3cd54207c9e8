"""A book in memory: for backtests, and for the tests of everything that stands on the venue protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from shared_apps.market_data.rules import Bar, InstrumentSpec
from tenant_apps.trading_accounts.venues.paper.matcher import Match, PaperFill, PaperOrder
from tenant_apps.trading_accounts.venues.paper.venue import BookEntry


class MemoryBook:
    """The orders and fills of one simulated account."""

    def __init__(self) -> None:
        self._entries: dict[str, BookEntry] = {}

    def exclusive(self) -> AbstractContextManager[None]:
        """Nobody else has this book."""
        return nullcontext()

    def get(self, client_order_id: str) -> BookEntry | None:
        """Return the entry of an order, or None."""
        return self._entries.get(client_order_id)

    def add(self, entry: BookEntry) -> BookEntry:
        """Keep a new entry."""
        self._entries[entry.order.client_order_id] = entry
        return entry

    def record(self, matches: Sequence[Match]) -> None:
        """Keep the outcome of a match."""
        for match in matches:
            entry = self._entries[match.order.client_order_id]
            fills = entry.fills if match.fill is None else (*entry.fills, match.fill)
            self._entries[match.order.client_order_id] = replace(entry, order=match.order, fills=fills)

    def next_sequence(self) -> int:
        """Return the number of the next order."""
        return len(self._entries) + 1

    def working(self, symbol: str) -> Sequence[PaperOrder]:
        """Return the orders of an instrument that can still fill."""
        orders = (entry.order for entry in self._entries.values())
        return [order for order in orders if order.symbol == symbol and order.is_working]

    def fills_of_bar(self, symbol: str, bar: Bar) -> Iterable[PaperFill]:
        """Return the fills that took volume from `bar`."""
        for entry in self._entries.values():
            if entry.order.symbol == symbol:
                yield from (fill for fill in entry.fills if fill.bar_opened_at == bar.opened_at)


class MemoryMarket:
    """Instruments and bars in memory; `show` makes a bar known."""

    def __init__(self, specs: Iterable[InstrumentSpec]) -> None:
        self._specs = {spec.symbol: spec for spec in specs}
        self._last: dict[str, Bar] = {}

    def spec(self, symbol: str) -> InstrumentSpec | None:
        """Return an instrument's steps, or None."""
        return self._specs.get(symbol)

    def last_bar(self, symbol: str) -> Bar | None:
        """Return the last bar shown, or None."""
        return self._last.get(symbol)

    def show(self, symbol: str, bar: Bar) -> None:
        """Make `bar` the last closed bar."""
        self._last[symbol] = bar
