"""Reads of market data. Nothing after an instrument's clock exists for anybody (see Feed)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.errors import DomainError, NotFoundError

from .models import Candle, Feed, Instrument, as_values
from .rules import MIN_PACE, Bar, CandleValues, Interval

COLUMNS = ("opened_at", "open", "high", "low", "close", "volume")


def visible_instruments(actor: Actor) -> QuerySet[Instrument]:
    """Return the instruments that can be traded, with their feeds. Raises ForbiddenError."""
    require(actor, "market_data.view_instrument")
    return Instrument.objects.filter(is_active=True).select_related("feed")


def get_instrument(actor: Actor, symbol: str) -> Instrument:
    """Return one instrument. Raises NotFoundError("instrument.unknown")."""
    instrument = find_instrument(symbol)
    require(actor, "market_data.view_instrument")
    if instrument is None:
        raise NotFoundError("instrument.unknown", _("There is no such instrument."), field="instrument")
    return instrument


def tradable_instrument(symbol: object, field: str = "symbol") -> Instrument:
    """Return the instrument that an input names. Raises DomainError("instrument.unknown") (400) on that
    field."""
    instrument = find_instrument(symbol) if isinstance(symbol, str) else None
    if instrument is None:
        raise DomainError("instrument.unknown", _("There is no instrument with this symbol."), field=field)
    return instrument


def find_instrument(symbol: str) -> Instrument | None:
    """Return an active instrument with its feed, or None."""
    if "\0" in symbol:
        return None
    return Instrument.objects.filter(symbol=symbol, is_active=True).select_related("feed").first()


def market_clock(instrument: Instrument) -> datetime | None:
    """Return the market's time where a feed plays it, None where all stored candles are history."""
    try:
        return instrument.feed.clock
    except Feed.DoesNotExist:
        return None


def _closed(instrument: Instrument, interval: Interval) -> QuerySet[Candle]:
    rows = Candle.objects.filter(instrument_id=instrument.pk, interval=interval)
    clock = market_clock(instrument)
    return rows if clock is None else rows.filter(opened_at__lte=clock - interval.duration)


def closed_candles(
    instrument: Instrument,
    interval: Interval,
    *,
    limit: int,
    before: datetime | None = None,
    after: datetime | None = None,
) -> list[CandleValues]:
    """Return the latest closed candles in order of time: opened before `before`, after `after`, at most
    `limit`."""
    rows = _closed(instrument, interval)
    if before is not None:
        rows = rows.filter(opened_at__lt=before)
    if after is not None:
        rows = rows.filter(opened_at__gt=after)
    latest = rows.order_by("-opened_at").values_list(*COLUMNS)[:limit]
    return [as_values(row) for row in reversed(latest)]


def bars_since(
    instrument: Instrument, interval: Interval, *, after: datetime | None, history: int, limit: int
) -> tuple[list[Bar], int]:
    """Return the bars that a bot needs: the next `limit` closed after `after`, led by `history` older ones.

    With `after` None, the latest bar is the first new one. The second value counts the new bars at the end.
    """
    if after is None:
        latest = closed_candles(instrument, interval, limit=history + 1)
        return _bars(instrument, interval, latest), min(1, len(latest))
    rows = _closed(instrument, interval).filter(opened_at__gt=after).order_by("opened_at")
    new = [as_values(row) for row in rows.values_list(*COLUMNS)[:limit]]
    if not new:
        return [], 0
    older = closed_candles(instrument, interval, limit=history, before=new[0].opened_at)
    return _bars(instrument, interval, [*older, *new]), len(new)


def closed_after(instrument: Instrument, interval: Interval, after: datetime, limit: int) -> list[Bar]:
    """Return the first `limit` bars that closed after the one that opened at `after`."""
    rows = _closed(instrument, interval).filter(opened_at__gt=after).order_by("opened_at")
    return _bars(instrument, interval, [as_values(row) for row in rows.values_list(*COLUMNS)[:limit]])


def last_bar(instrument: Instrument, interval: Interval | None = None) -> Bar | None:
    """Return the last closed bar: of `interval`, or of the finest interval that the instrument has."""
    for candidate in [interval] if interval else available_intervals(instrument):
        candles = closed_candles(instrument, candidate, limit=1)
        if candles:
            return candles[0].to_bar(instrument.spec, candidate)
    return None


def available_intervals(instrument: Instrument) -> list[Interval]:
    """Return the intervals that the instrument has candles for, the finest first; a feed has its own only."""
    try:
        return [Interval(instrument.feed.interval)]
    except Feed.DoesNotExist:
        pass
    return [
        interval
        for interval in Interval
        if Candle.objects.filter(instrument_id=instrument.pk, interval=interval).exists()
    ]


def due_feeds(now: datetime) -> Sequence[int]:
    """Return the ids of the feeds that play and whose last bar is old enough."""
    due = Feed.objects.filter(is_running=True, advanced_at__lte=now - MIN_PACE)
    return list(due.order_by("pk").values_list("pk", flat=True))


def _bars(instrument: Instrument, interval: Interval, candles: list[CandleValues]) -> list[Bar]:
    spec = instrument.spec
    return [candle.to_bar(spec, interval) for candle in candles]


_CANDLES_JSON = """
SELECT coalesce(json_agg(page), '[]')::text, count(*)
FROM (
    SELECT to_char(opened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS opened_at,
        trim_scale(open)::text AS open, trim_scale(high)::text AS high, trim_scale(low)::text AS low,
        trim_scale(close)::text AS close, trim_scale(volume)::text AS volume
    FROM (
        SELECT * FROM market_data_candle
        WHERE instrument_id = %s AND "interval" = %s AND opened_at <= %s AND opened_at < %s AND opened_at > %s
        ORDER BY opened_at DESC LIMIT %s
    ) AS latest
    ORDER BY latest.opened_at
) AS page
"""
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)


def candles_json(
    instrument: Instrument,
    interval: Interval,
    *,
    limit: int,
    before: datetime | None = None,
    after: datetime | None = None,
) -> tuple[str, int]:
    """Return the candles of `closed_candles` as JSON text straight from the database, and how many there
    are."""
    clock = market_clock(instrument)
    latest = _LAST if clock is None else clock - interval.duration
    with connection.cursor() as cursor:
        cursor.execute(
            _CANDLES_JSON,
            [instrument.pk, interval.value, latest, before or _LAST, after or _FIRST, limit],
        )
        text, count = cursor.fetchone()
    return text, count


_LAST_PRICES = """
SELECT instrument.symbol, coalesce(feed.last_close, history.close)
FROM market_data_instrument AS instrument
LEFT JOIN market_data_feed AS feed ON feed.instrument_id = instrument.id
LEFT JOIN LATERAL (
    SELECT latest.close
    FROM unnest(%s::text[]) AS known ("interval")
    CROSS JOIN LATERAL (
        SELECT candle.close, candle.opened_at FROM market_data_candle AS candle
        WHERE candle.instrument_id = instrument.id AND candle."interval" = known."interval"
        ORDER BY candle.opened_at DESC LIMIT 1
    ) AS latest
    WHERE feed.id IS NULL
    ORDER BY latest.opened_at DESC LIMIT 1
) AS history ON true
WHERE instrument.symbol = ANY(%s)
"""


def last_prices(symbols: Iterable[str]) -> dict[str, Decimal]:
    """Return the last close of each instrument that has one, in one statement."""
    names = sorted(set(symbols))
    if not names:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_LAST_PRICES, [[interval.value for interval in Interval], names])
        return {symbol: price for symbol, price in cursor.fetchall() if price is not None}
