"""The matching of the paper venue: pure, in integer ticks and lots, the same result for the same input
for ever.

- A buy pays the ask, a sell gets the bid; half the spread lies on each side of the bar's price.
- An order never fills on the bar that produced it: it meets the market at the next bar's open, or, placed
  by hand, at the current quote.
- One account takes at most a tenth of a bar's volume; what is left over waits for the next bar.
- Slippage = k · spread · √(quantity / volume), times a noise between 0.5 and 1.5 that is a hash of order
  and bar.
"""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from shared_apps.market_data.rules import EXACT, Bar, InstrumentSpec
from tenant_apps.trading_accounts.venues.base import OrderType, Side, VenueOrderState
from tenant_apps.trading_accounts.venues.paper.model import PaperModel, unit_noise

FEE_STEP = Decimal(1).scaleb(-12)


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """An order in the simulated book. It fills on no bar that opened at or before `eligible_after`."""

    client_order_id: str
    venue_order_id: str
    sequence: int
    symbol: str
    side: Side
    order_type: OrderType
    lots: int
    eligible_after: datetime
    filled_lots: int = 0
    state: VenueOrderState = VenueOrderState.ACCEPTED

    @property
    def remaining(self) -> int:
        """Return the lots still to be filled."""
        return self.lots - self.filled_lots

    @property
    def is_working(self) -> bool:
        """Tell whether the order can still fill."""
        return self.state in (VenueOrderState.ACCEPTED, VenueOrderState.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True)
class PaperFill:
    """One fill in ticks and lots. `venue_execution_id` follows from order and bar, so a repeated match is
    the same fill."""

    venue_execution_id: str
    client_order_id: str
    bar_opened_at: datetime
    executed_at: datetime
    lots: int
    price_ticks: int
    fee: Decimal


@dataclass(frozen=True, slots=True)
class Match:
    """The outcome of a match: the order as it stands after it, and its fill if there was one."""

    order: PaperOrder
    fill: PaperFill | None


def bid_ask(reference_ticks: int, model: PaperModel) -> tuple[int, int]:
    """Return bid and ask around a bar's price; an odd spread leans against the buyer."""
    return max(1, reference_ticks - model.spread_ticks // 2), reference_ticks + (model.spread_ticks + 1) // 2


def _market_at_open(order: PaperOrder, bar: Bar) -> int | None:
    return bar.open


_REFERENCE: dict[OrderType, Callable[[PaperOrder, Bar], int | None]] = {OrderType.MARKET: _market_at_open}
"""For each order type: the price at which a bar lets the order trade, None when it does not."""

SUPPORTED = frozenset(_REFERENCE)


def match_bar(
    orders: Sequence[PaperOrder], bar: Bar, *, spec: InstrumentSpec, model: PaperModel, taken_lots: int = 0
) -> list[Match]:
    """Match the working orders of one account and instrument against a new bar, oldest order first.

    `taken_lots` is what the account has already taken from this bar. Returns one Match for each order
    that may trade.
    """
    available = _available(bar, model, taken_lots)
    matches = []
    for order in sorted(orders, key=lambda item: item.sequence):
        if not order.is_working or bar.opened_at <= order.eligible_after:
            continue
        reference = _REFERENCE[order.order_type](order, bar)
        if reference is None:
            continue
        match = _fill(order, reference, bar, bar.opened_at, available, spec, model)
        if match.fill is not None:
            available -= match.fill.lots
        matches.append(match)
    return matches


def match_quote(
    order: PaperOrder, last_bar: Bar, *, spec: InstrumentSpec, model: PaperModel, taken_lots: int = 0
) -> Match:
    """Match an order placed by hand against the current quote, which is the last closed bar's close."""
    available = _available(last_bar, model, taken_lots)
    return _fill(order, last_bar.close, last_bar, last_bar.closed_at, available, spec, model)


def taken_from(fills: Iterable[PaperFill], bar: Bar) -> int:
    """Return how many lots the given fills took from `bar`."""
    return sum(fill.lots for fill in fills if fill.bar_opened_at == bar.opened_at)


def _available(bar: Bar, model: PaperModel, taken_lots: int) -> int:
    return max(0, bar.volume * model.participation_percent // 100 - taken_lots)


def _fill(
    order: PaperOrder,
    reference: int,
    bar: Bar,
    executed_at: datetime,
    available: int,
    spec: InstrumentSpec,
    model: PaperModel,
) -> Match:
    lots = min(order.remaining, available)
    if lots <= 0:
        return Match(order, None)
    bid, ask = bid_ask(reference, model)
    slip = _slippage(order, lots, bar, model)
    price = ask + slip if order.side is Side.BUY else max(1, bid - slip)
    filled = order.filled_lots + lots
    state = VenueOrderState.FILLED if filled == order.lots else VenueOrderState.PARTIALLY_FILLED
    notional = EXACT.multiply(spec.price(price), spec.quantity(lots))
    fee = EXACT.multiply(notional, model.fee_rate).quantize(FEE_STEP, rounding=ROUND_HALF_EVEN, context=EXACT)
    fill = PaperFill(
        venue_execution_id=_execution_id(order.venue_order_id, bar),
        client_order_id=order.client_order_id,
        bar_opened_at=bar.opened_at,
        executed_at=executed_at,
        lots=lots,
        price_ticks=price,
        fee=fee,
    )
    after = max(order.eligible_after, bar.opened_at)
    return Match(replace(order, filled_lots=filled, state=state, eligible_after=after), fill)


def _slippage(order: PaperOrder, lots: int, bar: Bar, model: PaperModel) -> int:
    noise = 0.5 + unit_noise(model.seed, order.client_order_id, bar.opened_at)
    return round(float(model.slippage) * model.spread_ticks * math.sqrt(lots / bar.volume) * noise)


def _execution_id(venue_order_id: str, bar: Bar) -> str:
    # An order fills at most once on a bar. The moment would not do: a quote's bar closes when the next
    # one opens.
    digest = hashlib.sha256(f"{venue_order_id}|{bar.opened_at.isoformat()}".encode()).digest()
    return base64.b32encode(digest[:16]).decode().rstrip("=")
