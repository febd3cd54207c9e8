"""One-time passwords (RFC 4226, RFC 6238) and recovery codes: arithmetic without clock and database."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

#: Seconds that a code of the app is shown.
PERIOD: Final = 30
DIGITS: Final = 6
#: How many periods a clock may be off, on each side.
TOLERANCE: Final = 1
RECOVERY_CODES: Final = 10
#: Characters of a recovery code (80 bits), in groups of four.
_RECOVERY_LENGTH: Final = 16


def hotp(secret: bytes, counter: int) -> str:
    """The code of a counter, RFC 4226 section 5.3, with HMAC-SHA-1 and six digits."""
    digest = hmac.new(secret, counter.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}}"


def matching_counter(secret: str, code: str, *, now: float, after: int) -> int | None:
    """The counter whose code this is, at a Unix time, or None.

    ``secret`` is base32. Only counters later than ``after``, the last one that was used, count: a code that
    somebody looked at over a shoulder is worth nothing (RFC 6238 section 5.2).
    """
    key, current, found = base64.b32decode(secret, casefold=True), int(now) // PERIOD, None
    for counter in range(current - TOLERANCE, current + TOLERANCE + 1):
        if hmac.compare_digest(hotp(key, counter).encode(), code.encode()) and counter > after:
            found = counter
    return found


def plain_code(text: str) -> str:
    """A code as it is compared: without the blanks and dashes that people type."""
    return "".join(text.split()).replace("-", "").lower()


def is_totp(code: str) -> bool:
    """Whether a plain code can be one of an app."""
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def recovery_code(entropy: bytes) -> str:
    """A recovery code of ten random bytes, in groups of four letters and digits."""
    text = base64.b32encode(entropy).decode().lower()[:_RECOVERY_LENGTH]
    return "-".join(text[start : start + 4] for start in range(0, _RECOVERY_LENGTH, 4))


def recovery_hash(code: str) -> str:
    """What is stored of a recovery code: it is random, so no salt is needed."""
    return hashlib.sha256(plain_code(code).encode()).hexdigest()
