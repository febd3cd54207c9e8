"""Reads for people: what positions are worth now, and what an account comes to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from shared_apps.access.actors import Actor
from shared_apps.market_data import queries as market_data
from tenant_apps.trading_accounts.models import TradingAccount
from tenant_apps.trading_accounts.queries import visible_accounts

from .models import Position
from .queries import visible_positions
from .shapes import position_state


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedPosition:
    """An open position at the last price. `open_profit` is before fees; None where no price is known."""

    id: UUID
    account_id: UUID
    account_name: str
    symbol: str
    digits: int
    side: str
    quantity: Decimal
    average_price: Decimal | None
    last_price: Decimal | None
    open_profit: Decimal | None
    realised: Decimal
    currency: str


@dataclass(slots=True, kw_only=True)
class Worth:
    """What accounts come to in one currency: cash, and the open profit of positions counted in it."""

    currency: str
    cash: Decimal = Decimal(0)
    open_profit: Decimal = Decimal(0)

    @property
    def equity(self) -> Decimal:
        """Cash with the open profit."""
        return self.cash + self.open_profit


@dataclass(frozen=True, slots=True)
class Quote:
    """An instrument's last close, None where there is none, and how many decimals its prices have."""

    price: Decimal | None
    digits: int


def quote_of(symbol: str) -> Quote:
    """The close of an instrument's last closed candle."""
    instrument = market_data.find_instrument(symbol)
    if instrument is None:
        return Quote(None, 5)
    exponent = instrument.price_tick.normalize().as_tuple().exponent
    digits = max(0, -exponent) if isinstance(exponent, int) else 0
    bar = market_data.last_bar(instrument)
    return Quote(None if bar is None else instrument.spec.price(bar.close), digits)


def marked_positions(actor: Actor, trading_account_id: UUID | None = None) -> list[MarkedPosition]:
    """The open positions that the actor may see, of one account or of all, at the last prices."""
    rows = visible_positions(actor).exclude(quantity=0).select_related("trading_account")
    if trading_account_id is not None:
        rows = rows.filter(trading_account_id=trading_account_id)
    positions = list(rows)
    quotes = {symbol: quote_of(symbol) for symbol in {position.symbol for position in positions}}
    return [_marked(position, quotes[position.symbol]) for position in positions]


def _marked(position: Position, market: Quote) -> MarkedPosition:
    state, price = position_state(position), market.price
    return MarkedPosition(
        id=position.pk,
        account_id=position.trading_account_id,
        account_name=position.trading_account.name,
        symbol=position.symbol,
        digits=market.digits,
        side="long" if position.quantity > 0 else "short",
        quantity=abs(position.quantity),
        average_price=state.average_price,
        last_price=price,
        open_profit=None if price is None else state.unrealised(price),
        realised=position.realised,
        currency=position.currency,
    )


def worth_of(accounts: list[TradingAccount], positions: list[MarkedPosition]) -> list[Worth]:
    """What accounts with their positions come to, by currency; nothing is converted."""
    found: dict[str, Worth] = {}
    for account in accounts:
        for balance in account.balances.all():
            found.setdefault(balance.currency, Worth(currency=balance.currency)).cash += balance.amount
    for position in positions:
        worth = found.setdefault(position.currency, Worth(currency=position.currency))
        worth.open_profit += position.open_profit or Decimal(0)
    return [found[currency] for currency in sorted(found)]


def worth_of_everything(actor: Actor, positions: list[MarkedPosition]) -> list[Worth]:
    """What the accounts that the actor may see come to, with these of their positions."""
    return worth_of(list(visible_accounts(actor)), positions)
