"""Instruments and bars for tests, in a few words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from shared_apps.market_data.rules import Bar, InstrumentSpec, Interval

START = datetime(2026, 1, 5, tzinfo=UTC)
ETH_BTC = InstrumentSpec("ETH-BTC", "ETH", "BTC", price_tick=Decimal("0.00000001"), lot_step=Decimal("0.001"))
COIN = InstrumentSpec("COIN-EUR", "COIN", "EUR", price_tick=Decimal("0.01"), lot_step=Decimal("0.1"))


def bar(number: int, close: int = 10_000, *, open: int | None = None, volume: int = 1_000) -> Bar:
    """Return the bar with this number, one minute each; prices in ticks, volume in lots."""
    first = close if open is None else open
    return Bar(
        opened_at=START + timedelta(minutes=number),
        interval=Interval.M1,
        open=first,
        high=max(first, close),
        low=min(first, close),
        close=close,
        volume=volume,
    )


def bars(closes: list[int], volume: int = 1_000) -> list[Bar]:
    """Return bars with these closes, each opening where the one before closed."""
    return [
        bar(number, close, open=closes[number - 1] if number else close, volume=volume)
        for number, close in enumerate(closes)
    ]
