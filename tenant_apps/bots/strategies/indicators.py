"""Indicators: one implementation for every mode, over integer ticks.

A backtest computes an indicator once over the whole series, a live bot over the window that it has
loaded. Both must give the same number to the last bit, else a bot trades what its backtest never saw.
TA-Lib keeps running sums; fed with tick counts, which are integers, its sums are exact in float64 below
2**53 and do not depend on where the series begins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import talib

from shared_apps.market_data.rules import Bar

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sma:
    """Simple moving average of the closes over `period` bars."""

    period: int

    @property
    def lookback(self) -> int:
        """Return how many bars must come before the first value."""
        return self.period - 1

    def compute(self, closes: Floats) -> Floats:
        """Return one value for each close, NaN before the first."""
        if self.period == 1:
            return closes.copy()  # TA-Lib starts at 2
        values: Floats = talib.SMA(closes, timeperiod=self.period)
        return values


Indicator = Sma


class Frame:
    """Bars in order with the indicators of a strategy computed over them, and a cursor that the engine moves.

    What lies after the cursor cannot be read: a strategy that looks ahead gets an error, not a better result.
    """

    def __init__(self, bars: Sequence[Bar], indicators: Mapping[str, Indicator]) -> None:
        self.bars = bars
        closes = np.fromiter((bar.close for bar in bars), dtype=np.float64, count=len(bars))
        self._values = {name: indicator.compute(closes) for name, indicator in indicators.items()}
        self.cursor = -1

    @property
    def bar(self) -> Bar:
        """Return the bar under the cursor."""
        return self.bars[self.cursor]

    def value(self, name: str, back: int = 0) -> float | None:
        """Return an indicator in ticks at the cursor or `back` bars before it; None where it has no value
        yet."""
        if back < 0:
            raise LookupError("an indicator cannot be read ahead of its bar")
        index = self.cursor - back
        if index < 0:
            return None
        value = float(self._values[name][index])
        return None if value != value else value
