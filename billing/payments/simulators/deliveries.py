"""Webhooks on their way: at least once, retried, and in every wrong order that a test asks for."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any, Final

import httpx

from .state import Store, now

_DELAYS: Final = (1, 2, 5, 10, 30, 60, 300, 900, 3600)  # seconds between the tries
_PATIENCE: Final = 10.0


class Deliveries:
    """Notifications are rows until they are answered with 2xx or given up.

    ``mode`` of the control address: ``normal``, ``hold`` (kept until released), ``drop`` (lost),
    ``duplicate`` (each goes out twice).
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.modes: dict[str, str] = {}
        #: By address: the Host header of what goes there, where the address has another name for the machine.
        self.hosts: dict[str, str] = {}
        self.wake = asyncio.Event()

    def send(
        self, service: str, account: str, event: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> None:
        """Queue one notification. Without an address it is only listed."""
        mode = self.modes.get(service, "normal")
        host = next((name for address, name in self.hosts.items() if url.startswith(address)), "")
        headers = {**headers, "Host": host} if host else headers
        copies = 2 if mode == "duplicate" else 1
        held = {"hold": 1, "drop": 2}.get(mode, 0) if url else 2
        for _ in range(copies):
            self._store.database.execute(
                "INSERT INTO delivery (service, account, event, url, headers, body, due, held) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (service, account, event, url, json.dumps(dict(headers)), body, now(), held),
            )
        self.wake.set()

    def listed(self, service: str, account: str = "") -> list[dict[str, Any]]:
        """What was sent or waits, oldest first."""
        rows = self._store.database.execute(
            "SELECT id, account, event, url, headers, body, attempts, status, held FROM delivery "
            "WHERE service = ? AND (? = '' OR account = ?) ORDER BY id",
            (service, account, account),
        )
        names = ("id", "account", "event", "url", "headers", "body", "attempts", "status", "held")
        found = [dict(zip(names, row, strict=True)) for row in rows]
        for each in found:
            each["headers"] = json.loads(each["headers"])
            each["body"] = bytes(each["body"]).decode("utf-8", "replace")
        return found

    def release(self, service: str, *, backwards: bool = False) -> int:
        """Send what was held, the newest first if asked; returns how many."""
        order = "DESC" if backwards else "ASC"
        rows = self._store.database.execute(
            f"SELECT id FROM delivery WHERE service = ? AND held = 1 ORDER BY id {order}",  # noqa: S608  # sql: two fixed words
            (service,),
        ).fetchall()
        for place, (identity,) in enumerate(rows):
            self._store.database.execute(
                "UPDATE delivery SET held = 0, due = ? WHERE id = ?", (now() + place * 0.001, identity)
            )
        self.wake.set()
        return len(rows)

    def replay(self, identity: int) -> None:
        """Send a notification of the past once more."""
        self._store.database.execute(
            "UPDATE delivery SET held = 0, status = NULL, attempts = 0, due = ? WHERE id = ?",
            (now(), identity),
        )
        self.wake.set()

    async def run(self) -> None:
        """Deliver for ever."""
        async with httpx.AsyncClient(timeout=_PATIENCE, trust_env=False, follow_redirects=False) as client:
            while True:
                self.wake.clear()
                row = self._store.database.execute(
                    "SELECT id, url, headers, body, attempts, due FROM delivery "
                    "WHERE held = 0 AND (status IS NULL OR status NOT BETWEEN 200 AND 299) AND attempts < ? "
                    "ORDER BY due LIMIT 1",
                    (len(_DELAYS),),
                ).fetchone()
                wait = None if row is None else max(0.0, row[5] - now())
                if row is None or wait:
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self.wake.wait(), wait)
                    continue
                await self._deliver(client, *row[:5])

    async def _deliver(
        self, client: httpx.AsyncClient, identity: int, url: str, headers: str, body: bytes, attempts: int
    ) -> None:
        try:
            answer = await client.post(url, content=body, headers=json.loads(headers))
            status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            status = 0
        self._store.database.execute(
            "UPDATE delivery SET status = ?, attempts = attempts + 1, due = ? WHERE id = ?",
            (status, now() + _DELAYS[min(attempts, len(_DELAYS) - 1)], identity),
        )
