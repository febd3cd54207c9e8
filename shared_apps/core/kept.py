"""What every request needs and hardly ever changes, kept in the process (hosts, options).

Every ``TTL_SECONDS`` one question to the database serves all keys together: has anything changed? While its
answer stays the same, what was loaded holds; with another one each key is loaded anew when it is next asked
for. A page does not wait for a network, and losing Valkey takes nothing down.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import DatabaseError

logger = logging.getLogger(__name__)

TTL_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_MAX_ENTRIES = 10_000

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    value: V
    expires: float
    #: The version when it was loaded; with another one it is loaded again.
    seen: object


class Kept(Generic[V]):
    """Values by key. ``Kept("hosts", version=…, load=…, longest=300.0)``.

    ``version`` asks for what any change changes; when it raises DatabaseError, what was known holds.
    ``load`` reads one key's value. ``longest`` (seconds) is for how long a value holds that ``version`` does
    not cover. ``when_away(last)`` gives what holds for a second when ``load`` raises DatabaseError, from the
    last value or None; without it the error is the caller's. Not for asynchronous code.
    """

    def __init__(
        self,
        name: str,
        *,
        version: Callable[[], object],
        load: Callable[[str], V],
        longest: float,
        when_away: Callable[[V | None], V] | None = None,
    ) -> None:
        self._name, self._version, self._load = name, version, load
        self._longest, self._when_away = longest, when_away
        self._entries: dict[str, _Entry[V]] = {}
        self._lock = threading.Lock()
        self._seen: object = None
        self._ask_at = 0.0

    def get(self, key: str) -> V:
        """The value of a key, loaded if it is new, old, or something has changed since."""
        now = time.monotonic()
        if self._ask_at <= now:
            self._look_for_changes(now)
        entry = self._entries.get(key)
        if entry is None or entry.expires <= now or entry.seen != self._seen:
            entry = self._loaded(key, entry, now)
            with self._lock:
                if len(self._entries) >= _MAX_ENTRIES:
                    self._entries.clear()
                self._entries[key] = entry
        return entry.value

    def forget(self, key: str | None = None) -> None:
        """Drop one key, or all, from this process."""
        with self._lock:
            if key is None:
                self._entries.clear()
                self._ask_at = 0.0
            else:
                self._entries.pop(key, None)

    def _loaded(self, key: str, last: _Entry[V] | None, now: float) -> _Entry[V]:
        seen = self._seen  # before loading: what changes meanwhile is seen at the next question
        try:
            return _Entry(self._load(key), now + self._longest, seen)
        except DatabaseError as error:
            if self._when_away is None:
                raise
            self._warn("not loaded", error)
            value = self._when_away(None if last is None else last.value)
            return _Entry(value, now + _RETRY_SECONDS, seen)

    def _look_for_changes(self, now: float) -> None:
        self._ask_at = now + TTL_SECONDS
        try:
            self._seen = self._version()
        except DatabaseError as error:
            self._warn("not asked for changes", error)
            self._ask_at = now + _RETRY_SECONDS

    def _warn(self, what: str, error: DatabaseError) -> None:
        logger.warning("%s: %s", self._name, what, extra={"reason": type(error).__name__})
