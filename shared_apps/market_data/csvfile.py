"""Reading candles from a CSV file, line by line, and saying of each bad line what is wrong with it."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from .rules import CandleValues, InstrumentSpec, Interval

COLUMNS = ("time", "open", "high", "low", "close", "volume")
MAX_VALUE = Decimal(10) ** 12
VOLUME_STEP = Decimal(1).scaleb(-12)


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no candle. `line` counts from 1, the header included."""

    line: int
    reason: str


class NotACandleFile(ValueError):
    """The file as a whole cannot be read."""


def read_candles(
    lines: Iterable[str], spec: InstrumentSpec, interval: Interval
) -> Iterator[CandleValues | BadLine]:
    """Yield each line's candle, on the instrument's price grid, or what is wrong with the line.

    The header must be `time,open,high,low,close,volume`; times are ISO 8601 with a zone (`Z`), each later
    than the one before. Prices are rounded to the nearest tick (ties to even): sources that went through
    binary floats write 0.09946999000000001 for 0.09946999. Raises NotACandleFile when the header is
    another one.
    """
    reader = csv.reader(_without_nul(lines), strict=True)
    header = next(reader, None)
    if header is None or tuple(name.strip().lower() for name in header) != COLUMNS:
        raise NotACandleFile(f"the first line must be {','.join(COLUMNS)}")
    last: datetime | None = None
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadLine(reader.line_num, f"not CSV: {error}")
            continue
        if not row:
            continue
        outcome = _candle(row, spec, interval, last)
        if isinstance(outcome, str):
            yield BadLine(reader.line_num, outcome)
        else:
            last = outcome.opened_at
            yield outcome


def _without_nul(lines: Iterable[str]) -> Iterator[str]:
    # The csv module of Python 3.11 accepts NUL and PostgreSQL does not; as a replacement character it
    # fails by name.
    return (line.replace("\0", "\N{REPLACEMENT CHARACTER}") for line in lines)


def _candle(
    row: list[str], spec: InstrumentSpec, interval: Interval, last: datetime | None
) -> CandleValues | str:
    if len(row) != len(COLUMNS):
        return f"{len(row)} columns instead of {len(COLUMNS)}"
    try:
        moment = datetime.fromisoformat(row[0].strip())
    except ValueError:
        return f"time {row[0]!r} is not an ISO 8601 time"
    if moment.tzinfo is None:
        return f"time {row[0]!r} has no time zone"
    moment = moment.astimezone(UTC)
    if not interval.is_aligned(moment):
        return f"time {row[0]!r} is not the opening of a {interval} candle"
    if last is not None and moment <= last:
        return f"time {row[0]!r} is not after the line before"
    numbers = []
    for name, text in zip(COLUMNS[1:], row[1:], strict=True):
        number = _number(text)
        if number is None:
            return f"{name} {text!r} is not a number"
        if abs(number) > MAX_VALUE:
            return f"{name} {text!r} is too large"
        numbers.append(number)
    opened, high, low, close = (spec.nearest_price(number) for number in numbers[:4])
    values = CandleValues(moment, opened, high, low, close, numbers[4].quantize(VOLUME_STEP))
    return next(values.problems(), None) or values


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
