"""Pure decisions about options: who is in a percentage of tenants."""

from __future__ import annotations

import hashlib
import re

_PERCENT = re.compile(r"(\d{1,3})%\Z", re.ASCII)


def percentage(raw: object) -> int | None:
    """The number of ``"25%"``, or None for what is no percentage from 0 to 100."""
    match = _PERCENT.match(raw.strip()) if isinstance(raw, str) else None
    return int(match[1]) if match and int(match[1]) <= 100 else None


def is_among(percent: int, flag: str, schema: str) -> bool:
    """Whether a tenant has a flag that so many per cent of all have: always the same ones, more with more."""
    digest = hashlib.sha256(f"{flag}|{schema}".encode()).digest()
    return int.from_bytes(digest[:4], "big") * 100 < percent * 2**32
