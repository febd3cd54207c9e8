"""The paper venue's book in the tenant's tables: a memory that outlives the process, as a real venue's
does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction

from shared_apps.core.locking import lock
from shared_apps.market_data.rules import Bar
from tenant_apps.trading_accounts.models import PaperFill as FillRow
from tenant_apps.trading_accounts.models import PaperOrder as OrderRow
from tenant_apps.trading_accounts.models import TradingAccount
from tenant_apps.trading_accounts.venues.base import OrderType, Side, TimeInForce, VenueOrder, VenueOrderState

from .matcher import Match, PaperFill, PaperOrder
from .venue import BookEntry

_WORKING = (VenueOrderState.ACCEPTED, VenueOrderState.PARTIALLY_FILLED)


class StoredBook:
    """The orders and fills of one trading account. Every change happens inside `exclusive`."""

    def __init__(self, account_id: UUID) -> None:
        self._account_id = account_id

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One change at a time. Durable: a venue never forgets because its customer's transaction failed."""
        with transaction.atomic(durable=True):
            lock(TradingAccount.objects.filter(pk=self._account_id))
            yield

    def get(self, client_order_id: str) -> BookEntry | None:
        """Return the entry of an order, or None."""
        row = OrderRow.objects.filter(
            trading_account_id=self._account_id, client_order_id=client_order_id
        ).first()
        return None if row is None else BookEntry(_asked(row), _order(row), tuple(map(_fill, _fills(row))))

    def add(self, entry: BookEntry) -> BookEntry:
        """Keep a new entry."""
        asked, order = entry.asked, entry.order
        row = OrderRow.objects.create(
            trading_account_id=self._account_id,
            client_order_id=order.client_order_id,
            venue_order_id=order.venue_order_id,
            sequence=order.sequence,
            symbol=order.symbol,
            side=order.side,
            order_type=order.order_type,
            time_in_force=asked.time_in_force,
            quantity=asked.quantity,
            lots=order.lots,
            filled_lots=order.filled_lots,
            state=order.state,
            signal_bar_opened_at=asked.signal_bar_opened_at,
            eligible_after=order.eligible_after,
        )
        for fill in entry.fills:
            _keep(row, fill)
        return entry

    def record(self, matches: Sequence[Match]) -> None:
        """Keep the outcome of a match. A fill on a bar that the order has met before is refused by the
        table."""
        rows = {
            row.client_order_id: row
            for row in OrderRow.objects.filter(
                trading_account_id=self._account_id,
                client_order_id__in=[match.order.client_order_id for match in matches],
            )
        }
        for match in matches:
            row = rows[match.order.client_order_id]
            row.filled_lots, row.state = match.order.filled_lots, match.order.state
            row.eligible_after = match.order.eligible_after
            row.save(update_fields=["filled_lots", "state", "eligible_after"])
            if match.fill is not None:
                _keep(row, match.fill)

    def next_sequence(self) -> int:
        """Return the number of the next order."""
        last = OrderRow.objects.filter(trading_account_id=self._account_id).order_by("-sequence")
        return (last.values_list("sequence", flat=True).first() or 0) + 1

    def working(self, symbol: str) -> Sequence[PaperOrder]:
        """Return the orders of an instrument that can still fill."""
        rows = OrderRow.objects.filter(trading_account_id=self._account_id, symbol=symbol, state__in=_WORKING)
        return [_order(row) for row in rows]

    def fills_of_bar(self, symbol: str, bar: Bar) -> Iterable[PaperFill]:
        """Return the account's fills that took volume from `bar`."""
        rows = FillRow.objects.filter(
            order__trading_account_id=self._account_id, order__symbol=symbol, bar_opened_at=bar.opened_at
        ).select_related("order")
        return [_fill(row) for row in rows]


def _fills(row: OrderRow) -> Iterable[FillRow]:
    return FillRow.objects.filter(order=row).select_related("order").order_by("bar_opened_at")


def _keep(row: OrderRow, fill: PaperFill) -> None:
    FillRow.objects.create(
        order=row,
        venue_execution_id=fill.venue_execution_id,
        bar_opened_at=fill.bar_opened_at,
        executed_at=fill.executed_at,
        lots=fill.lots,
        price_ticks=fill.price_ticks,
        fee=fill.fee,
    )


def _asked(row: OrderRow) -> VenueOrder:
    return VenueOrder(
        client_order_id=row.client_order_id,
        symbol=row.symbol,
        side=Side(row.side),
        order_type=OrderType(row.order_type),
        time_in_force=TimeInForce(row.time_in_force),
        quantity=row.quantity,
        signal_bar_opened_at=row.signal_bar_opened_at,
    )


def _order(row: OrderRow) -> PaperOrder:
    return PaperOrder(
        client_order_id=row.client_order_id,
        venue_order_id=row.venue_order_id,
        sequence=row.sequence,
        symbol=row.symbol,
        side=Side(row.side),
        order_type=OrderType(row.order_type),
        lots=row.lots,
        eligible_after=row.eligible_after,
        filled_lots=row.filled_lots,
        state=VenueOrderState(row.state),
    )


def _fill(row: FillRow) -> PaperFill:
    return PaperFill(
        venue_execution_id=row.venue_execution_id,
        client_order_id=row.order.client_order_id,
        bar_opened_at=row.bar_opened_at,
        executed_at=row.executed_at,
        lots=row.lots,
        price_ticks=row.price_ticks,
        fee=row.fee,
    )
