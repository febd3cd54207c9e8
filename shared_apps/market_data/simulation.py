"""The simulated market: a price path that follows from its seed alone, bar by bar, for ever.

Not a model of any real market: a slow wave with noise that makes averages cross every few dozen bars, so
that a demonstration has something to show. Every place that shows it says "simulated".
"""

from __future__ import annotations

import hashlib
import math
from datetime import UTC, datetime

from .rules import Bar, Interval

BEGINNING = datetime(2026, 1, 5, tzinfo=UTC)
START_TICKS = 10_000
WAVE_BARS = 47
WAVE_SHARE = 0.0035
NOISE_SHARE = 0.0025
HOME_PULL = 0.02
VOLUME_LOTS = 6_000


def bar_number(opened_at: datetime, interval: Interval) -> int:
    """Return the number of the bar that opens at `opened_at`, counted from the beginning of the
    simulation."""
    return (opened_at - BEGINNING) // interval.duration


def next_bar(seed: str, opened_at: datetime, interval: Interval, previous_close: int | None) -> Bar:
    """Return the simulated bar that opens at `opened_at` after one that closed at `previous_close` ticks."""
    number = bar_number(opened_at, interval)
    first, second, third, fourth = _draws(seed, number)
    opened = START_TICKS if previous_close is None else previous_close
    wave = math.cos(2 * math.pi * number / WAVE_BARS) * WAVE_SHARE
    home = math.log(START_TICKS / opened) * HOME_PULL
    close = max(100, round(opened * math.exp(wave + home + (first - 0.5) * 2 * NOISE_SHARE)))
    reach = max(1, round(opened * NOISE_SHARE))
    return Bar(
        opened_at=opened_at,
        interval=interval,
        open=opened,
        high=max(opened, close) + round(second * reach),
        low=max(1, min(opened, close) - round(third * reach)),
        close=close,
        volume=round(VOLUME_LOTS * (0.5 + fourth)),
    )


def _draws(seed: str, number: int) -> tuple[float, float, float, float]:
    """Return four numbers in [0, 1) that depend on seed and bar only."""
    digest = hashlib.sha256(f"{seed}|{number}".encode()).digest()
    parts = (int.from_bytes(digest[start : start + 6]) / 2**48 for start in (0, 6, 12, 18))
    return next(parts), next(parts), next(parts), next(parts)
