"""Faults on demand: what the next requests to an emulator meet. Set at ``/_control/faults/``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .state import Store


class Kind(StrEnum):
    """AFTER kinds do what was asked and lose the answer, the others do nothing; DECLINE is the emulator's."""

    TIMEOUT_AFTER = "timeout_after"
    TIMEOUT_BEFORE = "timeout_before"
    CUT_AFTER = "cut_after"  # the connection breaks within the answer
    ERROR_500 = "error_500"
    RATE_LIMIT = "rate_limit"
    GARBAGE = "garbage"  # 200 and no JSON
    GARBAGE_AFTER = "garbage_after"
    DECLINE = "decline"  # the payer's bank says no
    PROCESSING = "processing"  # accepted, and nothing is known yet


ROUTED: Final = frozenset(Kind) - {Kind.DECLINE, Kind.PROCESSING}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; ``seconds`` is how long a time-out holds the connection."""

    kind: Kind
    seconds: float


class Faults:
    """The faults that wait, each for some method and beginning of a path (empty ones match all)."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        service: str,
        kind: Kind,
        *,
        method: str = "",
        path: str = "",
        times: int = 1,
        seconds: float = 30,
    ) -> None:
        """The next ``times`` matching requests meet it."""
        self._store.database.execute(
            "INSERT INTO fault (service, kind, method, path, times, seconds) VALUES (?, ?, ?, ?, ?, ?)",
            (service, kind, method.upper(), path, times, seconds),
        )

    def clear(self, service: str) -> None:
        """None waits any more."""
        self._store.database.execute("DELETE FROM fault WHERE service = ?", (service,))

    def take(self, service: str, kinds: frozenset[Kind], *, method: str = "", path: str = "") -> Fault | None:
        """The oldest matching fault, used up once."""
        rows = self._store.database.execute(
            "SELECT id, kind, method, path, seconds FROM fault WHERE service = ? AND times > 0 ORDER BY id",
            (service,),
        ).fetchall()
        for identity, kind, wanted_method, wanted_path, seconds in rows:
            if (
                Kind(kind) not in kinds
                or wanted_method not in ("", method)
                or not path.startswith(wanted_path)
            ):
                continue
            self._store.database.execute("UPDATE fault SET times = times - 1 WHERE id = ?", (identity,))
            return Fault(Kind(kind), seconds)
        return None

    def declined(self, service: str, path: str = "") -> bool:
        """Whether the payer's bank says no this time."""
        return self.take(service, frozenset({Kind.DECLINE}), path=path) is not None
