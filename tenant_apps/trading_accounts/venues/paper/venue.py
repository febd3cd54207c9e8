"""The paper venue behind the venue protocol: idempotent submit, cancel, look-up, and its faults on purpose.

Where the book is kept is not its business: `Book` is memory in a backtest or a test and the tenant's
tables in the running system, where the venue's memory must outlive ours, as a real venue's does.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from shared_apps.market_data.rules import Bar, InstrumentSpec
from tenant_apps.trading_accounts.venues.base import (
    OrderReport,
    TimeInForce,
    VenueCapabilities,
    VenueExecution,
    VenueOrder,
    VenueOrderState,
    VenueRejected,
    VenueTimeout,
    VenueUnavailable,
)
from tenant_apps.trading_accounts.venues.paper import matcher
from tenant_apps.trading_accounts.venues.paper.matcher import Match, PaperFill, PaperOrder
from tenant_apps.trading_accounts.venues.paper.model import Faults, PaperModel

CAPABILITIES = VenueCapabilities(
    order_types=matcher.SUPPORTED,
    times_in_force=frozenset({TimeInForce.GTC}),
    client_id_length=26,
    simulated=True,
)


@dataclass(frozen=True, slots=True)
class BookEntry:
    """An order as the book keeps it: what was asked, where it stands, and its fills in order."""

    asked: VenueOrder
    order: PaperOrder
    fills: tuple[PaperFill, ...] = ()


class Book(Protocol):
    """The venue's memory of one account. What belongs together happens inside `exclusive`."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Return a block in which nobody else changes the book."""

    def get(self, client_order_id: str) -> BookEntry | None:
        """Return the entry of an order, or None."""

    def add(self, entry: BookEntry) -> BookEntry:
        """Keep a new entry and return it."""

    def record(self, matches: Sequence[Match]) -> None:
        """Keep the outcome of a match."""

    def next_sequence(self) -> int:
        """Return the number of the next order; it grows."""

    def working(self, symbol: str) -> Sequence[PaperOrder]:
        """Return the orders of an instrument that can still fill."""

    def fills_of_bar(self, symbol: str, bar: Bar) -> Iterable[PaperFill]:
        """Return the account's fills that took volume from `bar`."""


class Market(Protocol):
    """What the venue sees of the market: nothing after the last closed bar."""

    def spec(self, symbol: str) -> InstrumentSpec | None:
        """Return an instrument's steps, or None when it is not traded here."""

    def last_bar(self, symbol: str) -> Bar | None:
        """Return the last closed bar, or None before the first."""


class PaperVenue:
    """One simulated account. `patience` is how many seconds its callers wait for an answer."""

    capabilities = CAPABILITIES

    def __init__(
        self,
        *,
        account_id: str,
        book: Book,
        market: Market,
        model: PaperModel,
        faults: Faults,
        patience: float = 10.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._account_id = account_id
        self._book = book
        self._market = market
        self._model = model
        self._faults = faults
        self._patience = patience
        self._sleep = sleep

    def connect(self) -> None:
        """Prove that the account can be reached. Raises VenueUnavailable while every order would be lost."""
        if self._faults.disconnect >= 1:
            raise VenueUnavailable("the paper venue is disconnected on purpose")

    def submit(self, order: VenueOrder) -> OrderReport:
        """Take an order into the book and fill it at the quote when it was placed by hand.

        The same client order id again answers for the first order; with another content it is refused.
        Raises VenueRejected, VenueUnavailable, VenueTimeout.
        """
        if self._faults.strikes("disconnect", order.client_order_id):
            raise VenueUnavailable("the connection failed before the order was sent")
        with self._book.exclusive():
            entry = self._book.get(order.client_order_id) or self._accept(order)
        if entry.asked != order:
            raise VenueRejected("duplicate_client_order_id", "another order has this client order id")
        if self._faults.strikes("silent_execute", order.client_order_id):
            raise VenueTimeout("the order was taken and the answer was lost")
        if self._faults.delay_seconds > self._patience:
            raise VenueTimeout("the answer took longer than the caller waits")
        if self._faults.delay_seconds:
            self._sleep(self._faults.delay_seconds)
        return self._report(entry)

    def cancel(self, client_order_id: str) -> OrderReport:
        """Cancel what is not filled. An order that has ended is reported as it is. Raises VenueRejected."""
        with self._book.exclusive():
            entry = self._book.get(client_order_id)
            if entry is not None and entry.order.is_working:
                self._book.record([Match(replace(entry.order, state=VenueOrderState.CANCELED), None)])
        return self._known(client_order_id)

    def find(self, client_order_id: str) -> OrderReport | None:
        """Say what is known of an order; None proves that it never arrived."""
        entry = self._book.get(client_order_id)
        return None if entry is None else self._report(entry)

    def on_bar(self, symbol: str, bar: Bar) -> list[OrderReport]:
        """Match the working orders of an instrument against a bar that has just closed; report those that
        filled."""
        spec = self._market.spec(symbol)
        if spec is None:
            return []
        with self._book.exclusive():
            taken = matcher.taken_from(self._book.fills_of_bar(symbol, bar), bar)
            matches = matcher.match_bar(
                self._book.working(symbol), bar, spec=spec, model=self._model, taken_lots=taken
            )
            filled = [match for match in matches if match.fill is not None]
            self._book.record(filled)
        return [self._known(match.order.client_order_id) for match in filled]

    def _accept(self, order: VenueOrder) -> BookEntry:
        if self._faults.strikes("reject", order.client_order_id):
            raise VenueRejected("refused_on_purpose", "the fault plan refuses this order")
        if order.order_type not in self.capabilities.order_types:
            raise VenueRejected("order_type_not_supported", order.order_type)
        spec = self._market.spec(order.symbol)
        last_bar = self._market.last_bar(order.symbol)
        if spec is None or last_bar is None:
            raise VenueRejected("no_market", f"{order.symbol} has no price")
        try:
            lots = spec.lots(order.quantity)
        except ValueError as error:
            raise VenueRejected("invalid_quantity", str(error)) from error
        if lots <= 0:
            raise VenueRejected("invalid_quantity", "the quantity is not positive")
        signal = order.signal_bar_opened_at
        paper = PaperOrder(
            client_order_id=order.client_order_id,
            venue_order_id=self._venue_order_id(order.client_order_id),
            sequence=self._book.next_sequence(),
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            lots=lots,
            # A signal that arrives late must not fill on bars that closed meanwhile: that would be
            # trading in the past.
            eligible_after=last_bar.opened_at if signal is None else max(signal, last_bar.opened_at),
        )
        if signal is not None:
            return self._book.add(BookEntry(order, paper))
        taken = matcher.taken_from(self._book.fills_of_bar(order.symbol, last_bar), last_bar)
        match = matcher.match_quote(paper, last_bar, spec=spec, model=self._model, taken_lots=taken)
        return self._book.add(BookEntry(order, match.order, (match.fill,) if match.fill else ()))

    def _known(self, client_order_id: str) -> OrderReport:
        entry = self._book.get(client_order_id)
        if entry is None:
            raise VenueRejected("unknown_order", "the venue does not know this order")
        return self._report(entry)

    def _venue_order_id(self, client_order_id: str) -> str:
        digest = hashlib.sha256(f"{self._account_id}|{client_order_id}".encode()).digest()
        return base64.b32encode(digest[:16]).decode().rstrip("=")

    def _report(self, entry: BookEntry) -> OrderReport:
        spec = self._market.spec(entry.order.symbol)
        if spec is None:
            raise VenueRejected("no_market", f"{entry.order.symbol} is not traded any more")
        executions = tuple(
            VenueExecution(
                venue_execution_id=fill.venue_execution_id,
                client_order_id=fill.client_order_id,
                quantity=spec.quantity(fill.lots),
                price=spec.price(fill.price_ticks),
                fee=fill.fee,
                fee_currency=spec.quote,
                executed_at=fill.executed_at,
            )
            for fill in entry.fills
        )
        return OrderReport(
            client_order_id=entry.order.client_order_id,
            venue_order_id=entry.order.venue_order_id,
            state=entry.order.state,
            executions=executions,
        )
