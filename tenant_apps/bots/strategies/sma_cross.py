"""SMA cross: buy when the fast average rises through the slow one, sell when it falls through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from shared_apps.market_data.rules import Bar
from tenant_apps.bots.strategies.base import Context, Strategy, StrategyError, Why, message
from tenant_apps.bots.strategies.indicators import Indicator, Sma
from tenant_apps.bots.strategies.params import Params, param
from tenant_apps.trading_accounts.venues.base import Side

_ONE = Decimal(1)


@dataclass(frozen=True)
class SmaCrossParams(Params):
    """Two periods in candles, a quantity in the instrument's base, and whether to go short."""

    fast: int = param(
        10, message("Fast period"), help=message("Candles in the fast average."), minimum=1, maximum=500
    )
    slow: int = param(
        30, message("Slow period"), help=message("Candles in the slow average."), minimum=2, maximum=1000
    )
    quantity: Decimal = param(  # noqa: RUF009 - it returns a dataclass field
        _ONE, message("Quantity"), help=message("Size of a position."), minimum="1e-12"
    )
    short: bool = param(
        False, message("Go short"), help=message("Sell short when the fast average falls through.")
    )

    def check(self) -> dict[str, list[str]]:
        """Refuse a fast average that is not the faster one."""
        if self.fast >= self.slow:
            return {"fast": ["The fast period must be shorter than the slow one."]}
        return {}


class SmaCross(Strategy):
    """Holds `quantity` while the fast average is above the slow one, nothing (or the opposite) while it
    is below."""

    key: ClassVar[str] = "sma_cross"
    version: ClassVar[int] = 1
    label: ClassVar[str] = message("Moving average cross")
    description: ClassVar[str] = message(
        "Buys when the fast moving average rises through the slow one and sells when it falls through it."
    )
    params_type: ClassVar[type[Params]] = SmaCrossParams
    sentences: ClassVar[Mapping[str, str]] = {
        "cross_up": message(
            "The {fast_period}-candle average rose through the {slow_period}-candle average: buy {order}."
        ),
        "cross_down": message(
            "The {fast_period}-candle average fell through the {slow_period}-candle average: sell {order}."
        ),
        "no_cross": message(
            "No trade: the {fast_period}-candle average stays {relation} the {slow_period}-candle average."
        ),
        "already_there": message("No trade: the averages crossed, and the position is already {position}."),
        "order_working": message(
            "No trade: the averages crossed while an order over {working} is still working."
        ),
    }

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        if not isinstance(params, SmaCrossParams):
            raise StrategyError("SmaCross needs SmaCrossParams")
        self.settings = params

    @property
    def warmup(self) -> int:
        """Return the slow period and one more, because a cross compares two bars."""
        return self.settings.slow + 1

    def indicators(self) -> Mapping[str, Indicator]:
        """Return the two averages."""
        return {"fast": Sma(self.settings.fast), "slow": Sma(self.settings.slow)}

    def on_bar(self, ctx: Context, bar: Bar) -> None:
        """Trade on the bar on which the averages change order; equal averages count as not yet crossed."""
        fast, slow = ctx.indicator("fast"), ctx.indicator("slow")
        fast_before, slow_before = ctx.indicator("fast", 1), ctx.indicator("slow", 1)
        if fast is None or slow is None or fast_before is None or slow_before is None:
            raise StrategyError("on_bar was called before the warm-up was over")
        crossed_up = fast > slow and fast_before <= slow_before
        crossed_down = fast < slow and fast_before >= slow_before
        held, working = ctx.portfolio.quantity, ctx.portfolio.working
        target = self._target(crossed_up, crossed_down)
        missing = Decimal(0) if target is None else target - held

        def why(rule: str, **more: object) -> Why:
            return Why(
                rule,
                thresholds={"fast_period": self.settings.fast, "slow_period": self.settings.slow},
                close=ctx.spec.price(bar.close),
                fast=ctx.price_of(fast),
                slow=ctx.price_of(slow),
                fast_before=ctx.price_of(fast_before),
                slow_before=ctx.price_of(slow_before),
                position=held,
                **more,
            )

        if target is None:
            relation = "above" if fast > slow else "below" if fast < slow else "equal to"
            ctx.hold(why=why("no_cross", relation=relation))
        elif working:
            ctx.hold(why=why("order_working", working=working))
        elif missing == 0 or (target == 0 and held < 0):
            ctx.hold(why=why("already_there"))
        elif missing > 0:
            ctx.buy(missing, why=why("cross_up", order=missing, side=Side.BUY))
        else:
            ctx.sell(-missing, why=why("cross_down", order=-missing, side=Side.SELL))

    def _target(self, crossed_up: bool, crossed_down: bool) -> Decimal | None:
        """Return the position that the cross asks for, None without a cross."""
        if crossed_up:
            return self.settings.quantity
        if crossed_down:
            return -self.settings.quantity if self.settings.short else Decimal(0)
        return None
