"""What a strategy is, what it sees, and how it explains itself.

A strategy gets one closed bar at a time and a context that hides the mode. For every bar it gives exactly
one reason, also when it does nothing; the engine (`bots.engine`) turns that into a decision record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from shared_apps.market_data.rules import Bar, InstrumentSpec
from tenant_apps.bots.strategies.indicators import Frame, Indicator
from tenant_apps.bots.strategies.params import Params
from tenant_apps.trading_accounts.venues.base import Side

WARM_UP = "warm_up"


def message(text: str) -> str:
    """Mark a sentence for translation; it is translated where it is shown (the name is known to
    makemessages)."""
    return text


class StrategyError(RuntimeError):
    """A strategy broke its contract, for example by giving no reason for a bar."""


class Why:
    """The reason of a decision: the rule that spoke, the inputs it saw and the thresholds it compared
    them with."""

    __slots__ = ("inputs", "rule", "thresholds")

    def __init__(
        self, rule: str, *, thresholds: Mapping[str, object] | None = None, **inputs: object
    ) -> None:
        self.rule = rule
        self.inputs = {name: _plain(value) for name, value in inputs.items()}
        self.thresholds = {name: _plain(value) for name, value in (thresholds or {}).items()}


def _plain(value: object) -> str | int | bool | None:
    """Return a value as it is stored in JSON: decimals as plain strings, never a float."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if value is None or isinstance(value, (str, int, bool)):
        return value
    raise TypeError(f"a reason cannot hold {type(value).__name__}")


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """An order that a strategy wants; `leg` numbers the orders of one decision."""

    leg: int
    side: Side
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class StrategyFill:
    """A fill as a strategy hears of it."""

    side: Side
    quantity: Decimal
    price: Decimal


@dataclass(frozen=True, slots=True)
class Portfolio:
    """What the bot holds, signed, and what its working orders would still add to it."""

    quantity: Decimal = Decimal(0)
    working: Decimal = Decimal(0)


@dataclass(slots=True)
class Context:
    """What a strategy sees and does on one bar."""

    spec: InstrumentSpec
    frame: Frame
    portfolio: Portfolio
    intents: list[OrderIntent] = field(default_factory=list)
    why: Why | None = None

    def indicator(self, name: str, back: int = 0) -> float | None:
        """Return a declared indicator in ticks, now or `back` bars ago; None before its first value."""
        return self.frame.value(name, back)

    def price_of(self, ticks: float) -> Decimal:
        """Return an indicator's value as a price."""
        return self.spec.average_price(ticks)

    def buy(self, quantity: Decimal, *, why: Why) -> None:
        """Ask for a market order to buy `quantity`."""
        self._ask(Side.BUY, quantity, why)

    def sell(self, quantity: Decimal, *, why: Why) -> None:
        """Ask for a market order to sell `quantity`."""
        self._ask(Side.SELL, quantity, why)

    def hold(self, *, why: Why) -> None:
        """Do nothing, and say why."""
        self._explain(why)

    def _ask(self, side: Side, quantity: Decimal, why: Why) -> None:
        if quantity <= 0:
            raise StrategyError("an order needs a positive quantity")
        if self.why is not why:
            self._explain(why)
        self.intents.append(OrderIntent(leg=len(self.intents), side=side, quantity=quantity))

    def _explain(self, why: Why) -> None:
        if self.why is not None:
            raise StrategyError("a bar has one reason")
        self.why = why


class Strategy:
    """Base of all strategies. Subclasses set the class attributes and write `on_bar`.

    `state` holds what must survive between bars as JSON values; it is loaded before and stored after
    every step. `sentences` gives, for each rule, the sentence that explains it, with the names of inputs
    and thresholds in braces.
    """

    key: ClassVar[str]
    version: ClassVar[int]
    label: ClassVar[str]
    description: ClassVar[str]
    params_type: ClassVar[type[Params]]
    sentences: ClassVar[Mapping[str, str]]

    def __init__(self, params: Params) -> None:
        self.params = params
        self.state: dict[str, object] = {}

    @property
    def warmup(self) -> int:
        """Return how many bars must have closed before `on_bar` may decide."""
        raise NotImplementedError

    def indicators(self) -> Mapping[str, Indicator]:
        """Return the indicators to compute, by the names that `on_bar` reads them under."""
        raise NotImplementedError

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Decide on one closed bar: buy, sell or hold, each with its reason."""
        raise NotImplementedError

    def on_fill(self, ctx: Context, fill: StrategyFill) -> None:
        """Hear of a fill. The default keeps nothing: the portfolio already has it."""


COMMON_SENTENCES: Mapping[str, str] = {
    WARM_UP: message("Warming up: {bars} of the {needed} candles that the indicators need have closed."),
}
