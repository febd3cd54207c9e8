"""Numbers and times as JSON carries them in hot places: one spelling, whether Python or SQL writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal


def number(value: Decimal) -> str:
    """A decimal without trailing zeros and never with an exponent: 1.50 as 1.5. In SQL:
    ``trim_scale(x)::text``."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def moment(value: datetime) -> str:
    """A time in UTC with microseconds. In SQL: ``to_char(x AT TIME ZONE 'UTC', MOMENT_FORMAT)``."""
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
