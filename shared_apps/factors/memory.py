"""What is remembered between two steps: on this host, for minutes, and only to be taken once.

The client holds a random token; the host's cache holds its hash and the value. Challenges of passkeys and
half-done log-ins live here, not in a browser session, so that API and pages share one way.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any, Final

from django.core.cache import caches

SECONDS: Final = 300
#: Wrong answers after which a challenge is worth nothing.
MAX_TRIES: Final = 5


def remember(kind: str, value: Any) -> str:
    """Keep a value for five minutes; the token to get it by."""
    token = secrets.token_urlsafe(32)
    caches["host"].set(_key(kind, token), value, SECONDS)
    return token


def look(kind: str, token: str) -> Any:
    """The value, which stays; None when there is none."""
    return caches["host"].get(_key(kind, token))


def take(kind: str, token: str) -> Any:
    """The value, once: of two who ask at the same time one gets it. None when there is none."""
    cache, key = caches["host"], _key(kind, token)
    value = cache.get(key)
    return value if value is not None and cache.delete(key) else None


def count_try(kind: str, token: str) -> None:
    """Note a wrong answer; the last one allowed ends the challenge."""
    cache, key = caches["host"], f"{_key(kind, token)}:tries"
    cache.add(key, 0, SECONDS)
    if int(cache.incr(key)) >= MAX_TRIES:
        cache.delete(_key(kind, token))


def _key(kind: str, token: str) -> str:
    return f"factors:{kind}:{hashlib.sha256(token.encode()).hexdigest()}"
