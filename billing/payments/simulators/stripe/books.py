"""What one request (or one tick) sees of one Stripe account: its objects, its time, what it tells."""

from __future__ import annotations

import copy
import json
import secrets
import string
import time
import typing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import stripe
from stripe import WebhookSignature

from billing.payments.simulators.accounts import notification_path
from billing.payments.simulators.app import World
from billing.payments.simulators.stripe_keys import webhook_secret

from .errors import missing

Doc = dict[str, Any]

SERVICE: Final = "stripe"
EVENT_TYPES: Final = frozenset(typing.get_args(stripe.Event.__annotations__["type"]))
_LETTERS: Final = string.ascii_letters + string.digits


class Books:
    """The objects of ``account``: plain JSON. Keys that begin with ``_`` never leave the simulator.

    A connected account has books of its own; its platform's clock and endpoints hold for it.
    """

    def __init__(self, world: World, account: str, *, base: str, key: str = "", request_id: str = "") -> None:
        self.world = world
        self.account = account
        self.base = base
        self.idempotency_key = key
        self.request_id = request_id
        owner = world.store.get(SERVICE, "owner", account)
        self.platform: str = owner["platform"] if owner else account
        self.now = int(time.time()) + self.ahead()

    def at(self, account: str) -> Books:
        """The same request, seen from another account."""
        return Books(
            self.world, account, base=self.base, key=self.idempotency_key, request_id=self.request_id
        )

    # -- the clock: tests move it

    def ahead(self) -> int:
        """How many seconds the platform's clock is ahead of real time."""
        clock = self.world.store.get(SERVICE, "clock", self.platform)
        return clock["ahead"] if clock else 0

    def set_now(self, moment: int) -> None:
        """Move the clock to ``moment``."""
        self.now = moment
        ahead = moment - int(time.time())
        self.world.store.put(SERVICE, "clock", self.platform, {"ahead": ahead}, account=self.platform)

    # -- objects

    def new_id(self, prefix: str, length: int = 24) -> str:
        """``prefix_…`` as Stripe makes them."""
        return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(length))}"

    def get(self, kind: str, key: str, param: str = "id") -> Doc:
        """An object, or Stripe's refusal."""
        doc = self.world.store.get(SERVICE, kind, key, account=self.account)
        if doc is None:
            raise missing(kind, key, param)
        return doc

    def find(self, key: str) -> Doc | None:
        """Whatever object has this id."""
        row = self.world.store.database.execute(
            "SELECT body FROM document WHERE service = ? AND account = ? AND id = ? AND kind <> 'answer'",
            (SERVICE, self.account, key),
        ).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str, **equal: Any) -> list[Doc]:
        """Objects of a kind, newest first, whose fields are what is asked."""
        docs = self.world.store.all(SERVICE, kind, account=self.account)
        return [doc for doc in docs if all(doc.get(name) == value for name, value in equal.items())]

    def save(self, doc: Doc, event: str = "", previous: Doc | None = None) -> Doc:
        """Write it; tell the endpoints if there is an ``event``."""
        self.world.store.put(SERVICE, doc["object"], doc["id"], doc, account=self.account)
        if event:
            self.tell(event, doc, previous)
        return doc

    def drop(self, doc: Doc) -> None:
        """Forget it."""
        self.world.store.drop(SERVICE, doc["object"], doc["id"])

    @contextmanager
    def undoing(self) -> Iterator[None]:
        """What is written in it is kept only if it ends well."""
        database = self.world.store.database
        database.execute("SAVEPOINT attempt")
        try:
            yield
        except BaseException:
            database.execute("ROLLBACK TO attempt")
            raise
        finally:
            database.execute("RELEASE attempt")

    # -- events

    def tell(self, kind: str, doc: Doc, previous: Doc | None = None) -> Doc:
        """Record an event with the object as it is now, and send it to every endpoint that wants it."""
        if kind not in EVENT_TYPES:
            raise AssertionError(f"Stripe sends no {kind}")
        connected = self.platform != self.account
        endpoints = [each for each in self.endpoints(connected) if {"*", kind} & set(each["enabled_events"])]
        event: Doc = {
            "id": self.new_id("evt"),
            "object": "event",
            "api_version": stripe.api_version,
            "created": self.now,
            "data": {
                "object": shown(doc),
                **({"previous_attributes": previous} if previous is not None else {}),
            },
            "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": self.request_id or None, "idempotency_key": self.idempotency_key or None},
            "type": kind,
            **({"account": self.account} if connected else {}),
        }
        self.save(event)
        body = json.dumps(event, indent=2)
        for endpoint in endpoints:
            header = WebhookSignature.generate_signature_header(body, endpoint["_secret"])
            sent = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": header}
            self.world.deliveries.send(
                SERVICE, self.platform, event["id"], endpoint["url"], sent, body.encode()
            )
        return event

    def endpoints(self, connected: bool) -> list[Doc]:
        """Where events go: registered endpoints, and the one that a simulated configuration always has."""
        found = [
            each
            for each in self.world.store.all(SERVICE, "webhook_endpoint", account=self.platform)
            if each["status"] == "enabled" and each["_connect"] == connected
        ]
        path = notification_path(SERVICE, self.platform)
        if path:
            known = self.world.store.get(SERVICE, "webhook", self.platform)
            notify = self.world.notify.rstrip("/")
            url = known["url"] if known else (notify + path if notify else "")
            secret = webhook_secret(self.platform)
            found.append({"url": url, "_secret": secret, "enabled_events": ["*"], "_connect": connected})
        return found


#: Fields that are answered only when ``expand`` asks for them: (object, field) -> how to find them.
INCLUDED: dict[tuple[str, str], Callable[[Books, Doc], Any]] = {}


def shown(value: Any) -> Any:
    """A copy without what is the simulator's own."""
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return copy.copy(value)


def listed(url: str, docs: list[Doc], *, more: bool = False) -> Doc:
    """A list object."""
    return {"object": "list", "data": docs, "has_more": more, "url": url}


def page(url: str, docs: list[Doc], params: Doc) -> Doc:
    """A page of a list, by Stripe's cursors (docs are newest first)."""
    limit = params.get("limit", 10)
    ids = [doc["id"] for doc in docs]
    created = params.get("created")
    if params.get("starting_after") in ids:
        docs = docs[ids.index(params["starting_after"]) + 1 :]
    if params.get("ending_before") in ids:
        before = docs[: ids.index(params["ending_before"])]
        return listed(url, before[-limit:], more=len(before) > limit)
    if isinstance(created, int):
        docs = [doc for doc in docs if doc["created"] == created]
    elif created:
        docs = [doc for doc in docs if _within(doc["created"], created)]
    return listed(url, docs[:limit], more=len(docs) > limit)


def _within(moment: int, bounds: dict[str, int]) -> bool:
    return all(
        {"gt": moment > edge, "gte": moment >= edge, "lt": moment < edge, "lte": moment <= edge}[name]
        for name, edge in bounds.items()
    )


def merged(old: dict[str, str], changes: Any) -> dict[str, str]:
    """Stripe's rule of metadata: an empty value removes a key, an empty text removes all."""
    if changes == "":
        return {}
    return {key: value for key, value in {**old, **(changes or {})}.items() if value != ""}
