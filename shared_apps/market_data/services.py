"""Every write of market data. Runs in the platform's role: tenants only read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core import streams
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from shared_apps.core.money import MINOR_DIGITS
from shared_apps.core.plain import moment, number

from . import simulation
from .csvfile import BadLine, NotACandleFile, read_candles
from .events import CandleClosed, CandlesImported, FeedStarted, FeedStopped, InstrumentCreated
from .models import Candle, Feed, Instrument
from .queries import COLUMNS
from .rules import MIN_PACE, SYMBOL_PATTERN, CandleValues, InstrumentSpec, Interval

CHUNK = 2_000
REPORTED_BAD_LINES = 100


@transaction.atomic(durable=True)
def create_instrument(
    *,
    actor: Actor,
    symbol: str,
    kind: str,
    price_tick: Decimal,
    lot_step: Decimal,
    name: str = "",
    is_simulated: bool = False,
) -> Instrument:
    """Add an instrument called BASE-QUOTE. Raises DomainError on a field,
    ConflictError("instrument.exists")."""
    require(actor, "market_data.create_instrument")
    _check_instrument(symbol, price_tick, lot_step)
    base, _dash, quote = symbol.partition(".")[0].partition("-")
    try:
        with transaction.atomic():
            instrument = Instrument.objects.create(
                symbol=symbol,
                name=name or symbol,
                kind=kind,
                base=base,
                quote=quote,
                price_tick=price_tick,
                lot_step=lot_step,
                is_simulated=is_simulated,
            )
    except IntegrityError as error:
        raise ConflictError(
            "instrument.exists", _("There is already an instrument with this symbol."), field="symbol"
        ) from error
    emit(InstrumentCreated(symbol=symbol))
    return instrument


def _check_instrument(symbol: str, price_tick: Decimal, lot_step: Decimal) -> None:
    if not re.match(SYMBOL_PATTERN, symbol):
        raise DomainError(
            "instrument.symbol_format",
            _("A symbol looks like ETH-BTC: capital letters and digits, a hyphen between base and quote."),
            field="symbol",
        )
    if symbol.partition(".")[0].partition("-")[2] not in MINOR_DIGITS:
        raise DomainError(
            "instrument.quote_unknown", _("The currency after the hyphen is not known."), field="symbol"
        )
    for field_name, step in (("price_tick", price_tick), ("lot_step", lot_step)):
        if not step.is_finite() or step <= 0:
            raise DomainError(
                "instrument.step_not_positive", _("This must be greater than zero."), field=field_name
            )


@dataclass(slots=True)
class ImportReport:
    """What an import did. `bad` holds at most 100 lines, `refused` counts all of them."""

    read: int = 0
    inserted: int = 0
    changed: int = 0
    refused: int = 0
    bad: list[BadLine] = field(default_factory=list)

    @property
    def unchanged(self) -> int:
        """Candles that were stored already."""
        return self.read - self.inserted - self.changed


class BadCandles(DomainError):
    """Lines of the file are no candles; nothing was written. `report` names them."""

    def __init__(self, report: ImportReport) -> None:
        lines = [
            _("Line %(line)d: %(reason)s") % {"line": bad.line, "reason": bad.reason} for bad in report.bad
        ]
        super().__init__(
            "candles.bad_lines",
            _("%(count)d lines are no candles; nothing was imported.") % {"count": report.refused},
            details={"file": lines},
        )
        self.report = report


@transaction.atomic(durable=True)
def import_candles(
    *,
    actor: Actor,
    instrument_id: int,
    interval: Interval,
    lines: Iterable[str],
    skip_bad: bool = False,
    progress: Callable[[ImportReport], None] | None = None,
) -> ImportReport:
    """Read candles from the lines of a CSV file; the same file again changes nothing.

    The file is streamed in chunks of 2,000 lines. A candle that is stored with other values is corrected.
    With a bad line nothing is written, unless `skip_bad`. Raises BadCandles,
    DomainError("candles.not_a_file"), ConflictError("candles.generated").
    """
    require(actor, "market_data.import_candle")
    instrument = Instrument.objects.get(pk=instrument_id)
    if Feed.objects.filter(instrument=instrument, kind=Feed.Kind.GENERATOR).exists():
        raise ConflictError(
            "candles.generated", _("The candles of this instrument are generated."), field="instrument"
        )
    report = ImportReport()
    for candles in _in_chunks(_good_candles(lines, instrument.spec, interval, report), CHUNK):
        inserted, changed = _upsert(instrument.pk, interval, candles)
        report.read += len(candles)
        report.inserted += inserted
        report.changed += changed
        if progress:
            progress(report)
    if report.refused and not skip_bad:
        raise BadCandles(report)
    emit(
        CandlesImported(
            symbol=instrument.symbol,
            interval=interval,
            read=report.read,
            inserted=report.inserted,
            changed=report.changed,
            refused=report.refused,
        )
    )
    return report


def _good_candles(
    lines: Iterable[str], spec: InstrumentSpec, interval: Interval, report: ImportReport
) -> Iterator[CandleValues]:
    try:
        for outcome in read_candles(lines, spec, interval):
            if isinstance(outcome, BadLine):
                report.refused += 1
                if len(report.bad) < REPORTED_BAD_LINES:
                    report.bad.append(outcome)
            else:
                yield outcome
    except (NotACandleFile, UnicodeDecodeError) as error:
        raise DomainError(
            "candles.not_a_file",
            _("This is not a CSV file of candles: %(reason)s.") % {"reason": error},
            field="file",
        ) from error


def _in_chunks(candles: Iterator[CandleValues], size: int) -> Iterator[list[CandleValues]]:
    while chunk := list(islice(candles, size)):
        yield chunk


def _upsert(instrument_id: int, interval: Interval, candles: list[CandleValues]) -> tuple[int, int]:
    """Write candles in one statement; return how many were new and how many had other values."""
    columns: list[list[Any]] = [[getattr(candle, name) for candle in candles] for name in COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT, [instrument_id, interval.value, *columns])
        is_new = [row[0] for row in cursor.fetchall()]
    return is_new.count(True), is_new.count(False)


_UPSERT = """
INSERT INTO market_data_candle AS old (instrument_id, "interval", opened_at, open, high, low, close,
volume) SELECT %s::bigint, %s::text, new.* FROM unnest(%s::timestamptz[], %s::numeric[], %s::numeric[],
%s::numeric[], %s::numeric[], %s::numeric[]) AS new ON CONFLICT (instrument_id, "interval", opened_at) DO
UPDATE SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, volume
= excluded.volume WHERE (old.open, old.high, old.low, old.close, old.volume) IS DISTINCT FROM
(excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume) RETURNING old.xmax = 0
"""


@transaction.atomic(durable=True)
def start_feed(
    *, actor: Actor, instrument_id: int, interval: Interval, kind: str, seed: str = "", history: int = 300
) -> Feed:
    """Let a demo market play: generated from `seed`, or replayed from the imported candles.

    The first `history` bars are shown at once. Starting it again resumes where it stood.
    Raises DomainError("feed.no_candles"), ConflictError("feed.other").
    """
    require(actor, "market_data.control_feed")
    instrument = Instrument.objects.get(pk=instrument_id)
    feed = lock_one(Feed.objects.filter(instrument=instrument))
    if feed is None:
        feed = _new_feed(instrument, interval, kind, seed, history)
    elif (feed.kind, feed.interval) != (kind, interval):
        raise ConflictError("feed.other", _("This instrument is played in another way."), field="instrument")
    elif feed.finished_at is None:
        feed.is_running = True
        feed.save(update_fields=["is_running"])
    emit(FeedStarted(symbol=instrument.symbol, interval=interval, kind=kind))
    return feed


def _new_feed(instrument: Instrument, interval: Interval, kind: str, seed: str, history: int) -> Feed:
    if kind == Feed.Kind.GENERATOR:
        feed = Feed(instrument=instrument, interval=interval, kind=kind, seed=seed or instrument.symbol)
        feed.clock = simulation.BEGINNING
        candles = []
        for _number in range(history):
            candle = _generate(feed, instrument.spec)
            feed.clock, feed.last_close = candle.opened_at + interval.duration, candle.close
            candles.append(candle)
        _upsert(instrument.pk, interval, candles)
    else:
        rows = Candle.objects.filter(instrument_id=instrument.pk, interval=interval).order_by("opened_at")
        shown = list(rows.values_list("opened_at", "close")[: max(1, history)])
        if not shown:
            raise DomainError(
                "feed.no_candles", _("There are no candles of this interval to replay."), field="interval"
            )
        feed = Feed(instrument=instrument, interval=interval, kind=kind)
        feed.clock, feed.last_close = shown[-1][0] + interval.duration, shown[-1][1]
    feed.save(force_insert=True)
    return feed


@transaction.atomic(durable=True)
def stop_feed(*, actor: Actor, instrument_id: int, reason: str = "") -> None:
    """Let a demo market stand still. Raises NotFoundError("feed.none")."""
    require(actor, "market_data.control_feed")
    feed = lock_one(Feed.objects.select_related("instrument").filter(instrument_id=instrument_id))
    if feed is None:
        raise NotFoundError("feed.none", _("This instrument is not played."))
    feed.is_running = False
    feed.save(update_fields=["is_running"])
    emit(FeedStopped(symbol=feed.instrument.symbol, reason=reason))


@transaction.atomic(durable=True)
def advance_feed(*, actor: Actor, feed_id: int, now: datetime | None = None) -> bool:
    """Close the next bar of a demo market and tell who listens. False when it was not due or has come to
    its end.

    With `now`, a bar that closed less than 1.5 seconds before is waited for.
    """
    require(actor, "market_data.control_feed")
    feed = lock_one(Feed.objects.select_related("instrument").filter(pk=feed_id, is_running=True))
    if feed is None or (now is not None and feed.advanced_at > now - MIN_PACE):
        return False
    interval = Interval(feed.interval)
    candle = _next_candle(feed, interval)
    if candle is None:
        feed.is_running, feed.finished_at = False, timezone.now()
        feed.save(update_fields=["is_running", "finished_at"])
        emit(FeedStopped(symbol=feed.instrument.symbol, reason="finished"))
        return False
    feed.clock, feed.last_close = candle.opened_at + interval.duration, candle.close
    feed.advanced_at = now or timezone.now()
    feed.save(update_fields=["clock", "last_close", "advanced_at"])
    symbol, opened_at = feed.instrument.symbol, candle.opened_at.isoformat()
    emit(CandleClosed(symbol=symbol, interval=interval, opened_at=opened_at))
    streams.publish(streams.market_topic(symbol), candle_message(symbol, interval, candle))
    return True


def candle_message(symbol: str, interval: Interval, candle: CandleValues) -> dict[str, str]:
    """Return a closed candle as the stream `market:{symbol}` carries it."""
    prices = {name: number(getattr(candle, name)) for name in COLUMNS[1:]}
    return {
        "type": "candle",
        "symbol": symbol,
        "interval": interval.value,
        "opened_at": moment(candle.opened_at),
        **prices,
    }


def _next_candle(feed: Feed, interval: Interval) -> CandleValues | None:
    if feed.kind == Feed.Kind.GENERATOR:
        candle = _generate(feed, feed.instrument.spec)
        _upsert(feed.instrument_id, interval, [candle])
        return candle
    rows = Candle.objects.filter(
        instrument_id=feed.instrument_id, interval=interval, opened_at__gte=feed.clock
    )
    row = rows.order_by("opened_at").values_list(*COLUMNS).first()
    return None if row is None else CandleValues(*row)


def _generate(feed: Feed, spec: InstrumentSpec) -> CandleValues:
    previous = None if feed.last_close is None else spec.ticks(feed.last_close)
    bar = simulation.next_bar(feed.seed, feed.clock, Interval(feed.interval), previous)
    opened, high, low, close = (spec.price(ticks) for ticks in (bar.open, bar.high, bar.low, bar.close))
    return CandleValues(bar.opened_at, opened, high, low, close, spec.quantity(bar.volume))
