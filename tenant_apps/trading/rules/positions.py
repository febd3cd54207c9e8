"""Position arithmetic of a netting account: fills in, quantity, cost, realised profit and fees out.

The position keeps the *cost* of what is open (signed: positive for a long) and derives the average price
from it, so that nothing is lost to rounding: at every moment

    realised - cost == sum(-signed_quantity * price for every fill)

holds to the last digit, and a position that closes leaves a cost of exactly zero. Only the share of the
cost that a partial close releases is rounded (half even, 24 decimals), and what is rounded off stays in
the open cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from shared_apps.market_data.rules import EXACT
from tenant_apps.trading_accounts.venues.base import Side

ZERO = Decimal(0)
AMOUNT_STEP = Decimal(1).scaleb(-24)
"""Prices and quantities have at most 12 decimals each, so their product has at most 24."""
PRICE_STEP = Decimal(1).scaleb(-12)


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution as it moves a position. Fees are in the quote currency, positive when paid."""

    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class PositionState:
    """An account's holding of one instrument. Quantity and cost are signed; realised is gross of fees."""

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO

    @property
    def average_price(self) -> Decimal | None:
        """Return the average price of what is open, to 12 decimals, or None when nothing is."""
        if not self.quantity:
            return None
        return EXACT.divide(self.cost, self.quantity).quantize(
            PRICE_STEP, rounding=ROUND_HALF_EVEN, context=EXACT
        )

    def unrealised(self, mark: Decimal) -> Decimal:
        """Return what closing everything at `mark` would realise, before fees."""
        return EXACT.subtract(EXACT.multiply(self.quantity, mark), self.cost)


@dataclass(frozen=True, slots=True)
class FillEffect:
    """What one fill did: the position after it and the profit that it realised (gross of its fee)."""

    position: PositionState
    realised: Decimal


def apply_fill(position: PositionState, fill: Fill) -> FillEffect:
    """Apply one fill to a netting position.

    A fill in the position's direction adds to it at the fill's price. One against it closes at the
    average price; what goes through zero opens the other side at the fill's price.
    """
    signed = fill.quantity if fill.side is Side.BUY else -fill.quantity
    opened_before = position.quantity
    if opened_before == 0 or (opened_before > 0) == (signed > 0):
        closing = ZERO
    else:
        closing = signed if abs(signed) <= abs(opened_before) else -opened_before
    opening = EXACT.subtract(signed, closing)

    released = _released_cost(position, closing)
    realised = EXACT.subtract(EXACT.multiply(-closing, fill.price), released)
    after = PositionState(
        quantity=EXACT.add(opened_before, signed),
        cost=EXACT.add(EXACT.subtract(position.cost, released), EXACT.multiply(opening, fill.price)),
        realised=EXACT.add(position.realised, realised),
        fees=EXACT.add(position.fees, fill.fee),
    )
    return FillEffect(position=after, realised=realised)


def _released_cost(position: PositionState, closing: Decimal) -> Decimal:
    if closing == 0:
        return ZERO
    if closing == -position.quantity:
        return position.cost
    share = EXACT.divide(EXACT.multiply(position.cost, -closing), position.quantity)
    return share.quantize(AMOUNT_STEP, rounding=ROUND_HALF_EVEN, context=EXACT)


def replay(fills: Iterable[Fill], start: PositionState | None = None) -> PositionState:
    """Return the position that a series of fills leads to."""
    position = start or PositionState()
    for fill in fills:
        position = apply_fill(position, fill).position
    return position
