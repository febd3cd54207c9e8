"""What the emulators remember: JSON documents in one SQLite file, which `make run` keeps between its runs."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS document (
    service TEXT, kind TEXT, id TEXT, account TEXT, number INTEGER, body TEXT,
    PRIMARY KEY (service, kind, id));
CREATE INDEX IF NOT EXISTS document_account ON document (service, kind, account, number);
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY, service TEXT, account TEXT, event TEXT, url TEXT, headers TEXT, body BLOB,
    due REAL, attempts INTEGER DEFAULT 0, status INTEGER, held INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS fault (
    id INTEGER PRIMARY KEY, service TEXT, kind TEXT, method TEXT, path TEXT, times INTEGER, seconds REAL);
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER);
"""


class Store:
    """All documents of all emulators. One thread uses it, and each request is one transaction."""

    def __init__(self, path: Path | None) -> None:
        """In memory without a path."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self.database = sqlite3.connect(":memory:" if path is None else path, isolation_level=None)
        self.database.execute("PRAGMA journal_mode = WAL")
        self.database.execute("PRAGMA synchronous = OFF")
        self.database.executescript(_TABLES)

    def forget(self) -> None:
        """Everything is gone."""
        for table in ("document", "delivery", "fault", "counter"):
            self.database.execute(f"DELETE FROM {table}")  # noqa: S608  # sql: names of our own

    def put(self, service: str, kind: str, identity: str, body: dict[str, Any], *, account: str = "") -> None:
        """Keep a document, new or changed; its account and its place in the list stay as at first."""
        self.database.execute(
            "INSERT INTO document (service, kind, id, account, number, body) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET body = excluded.body",
            (service, kind, identity, account, self.count("document"), json.dumps(body)),
        )

    def get(
        self, service: str, kind: str, identity: str, *, account: str | None = None
    ) -> dict[str, Any] | None:
        """The document, or None; with an account None for those of others too."""
        row = self.database.execute(
            "SELECT body, account FROM document WHERE service = ? AND kind = ? AND id = ?",
            (service, kind, identity),
        ).fetchone()
        if row is None or (account is not None and row[1] != account):
            return None
        body: dict[str, Any] = json.loads(row[0])
        return body

    def account_of(self, service: str, kind: str, identity: str) -> str:
        """Whose document it is, ``""`` when there is none."""
        row = self.database.execute(
            "SELECT account FROM document WHERE service = ? AND kind = ? AND id = ?",
            (service, kind, identity),
        ).fetchone()
        return str(row[0]) if row else ""

    def all(self, service: str, kind: str, *, account: str) -> list[dict[str, Any]]:
        """An account's documents of a kind, newest first."""
        rows = self.database.execute(
            "SELECT body FROM document WHERE service = ? AND kind = ? AND account = ? ORDER BY number DESC",
            (service, kind, account),
        )
        return [json.loads(row[0]) for row in rows]

    def numbers(self, service: str, account: str) -> dict[str, int]:
        """How many documents of each kind an account has."""
        rows = self.database.execute(
            "SELECT kind, count(*) FROM document WHERE service = ? AND account = ? GROUP BY kind",
            (service, account),
        )
        return {str(kind): int(number) for kind, number in rows}

    def drop(self, service: str, kind: str, identity: str) -> None:
        """The document is no more."""
        self.database.execute(
            "DELETE FROM document WHERE service = ? AND kind = ? AND id = ?", (service, kind, identity)
        )

    def count(self, name: str) -> int:
        """1, 2, 3, … for each name."""
        row = self.database.execute(
            "INSERT INTO counter VALUES (?, 1) ON CONFLICT DO UPDATE SET value = value + 1 RETURNING value",
            (name,),
        ).fetchone()
        return int(row[0])


def now() -> float:
    """Seconds since 1970; the emulators' only clock."""
    return time.time()
