"""A provider for tests of the core: a remote in this process that keeps keys, breaks wires and signs its news.

It obeys the port like every other, and runs the contract suite (``remotes/lab.py``), so the suite's own
questions about the wire are answered at least once without another service.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from billing.payments.providers.base import (
    Account,
    Action,
    ActionKind,
    Capability,
    ConfigField,
    Inbound,
    InboundReference,
    InboundRefused,
    Intent,
    ObjectKind,
    PayoutIntent,
    ProviderDenied,
    ProviderRefused,
    ProviderType,
    ProviderUnknown,
    ProviderUnreachable,
    RefundIntent,
    SavedReference,
    Snapshot,
    register_provider,
)
from billing.payments.rules import is_stale

SECRET = "lab-secret"
Notification = tuple[dict[str, str], bytes]


@dataclass
class Laboratory:
    """The remote: objects by reference, answers by key, everything it has told."""

    objects: dict[str, Snapshot] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    told: list[Notification] = field(default_factory=list)
    #: ``lose`` (done, no answer), ``down`` (nothing arrives), ``garbage``, ``refuse``, ``deny`` (looking for it).
    fault: str = ""
    calls: int = 0

    def call(self, key: str, make: Any) -> Snapshot:
        """Carry a call out once for a key, as far as the wire holds."""
        self.calls += 1
        if self.fault == "down":
            raise ProviderUnreachable("lab.down")
        if self.fault == "garbage":
            raise ProviderUnknown("lab.garbage")
        if self.fault == "refuse":
            raise ProviderRefused("card_declined", "Your card was declined.")
        if key not in self.by_key:
            snapshot = make()
            self.by_key[key] = snapshot.reference
            self.put(snapshot)
        if self.fault == "lose":
            raise ProviderUnknown("lab.no_answer")
        return self.objects[self.by_key[key]]

    def put(self, snapshot: Snapshot) -> None:
        """An object is new or has changed: it is told."""
        self.objects[snapshot.reference] = snapshot
        self.told.append(self.signed(snapshot.kind, snapshot.reference, f"ev_{len(self.told)}"))

    def move(self, reference: str, state: str, **changes: Any) -> None:
        """Something happens to an object."""
        self.put(replace(self.objects[reference], state=state, **changes))

    @staticmethod
    def signed(kind: str, reference: str, event: str, at: datetime | None = None) -> Notification:
        said = {"id": event, "kind": str(kind), "object": reference}
        said["at"] = (at or timezone.now()).isoformat()
        raw = json.dumps(said).encode()
        return {"Lab-Signature": hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()}, raw


LABS: dict[Any, Laboratory] = {}


class LabProvider:
    """The port to the laboratory of one configuration."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lab = LABS.setdefault(account.configuration_id, Laboratory())

    def create(self, intent: Intent, *, idempotency_key: str) -> Action:
        def make() -> Snapshot:
            saved = None
            if intent.save_method:
                saved = SavedReference(
                    customer="cus_1", reference=f"pm_{len(self._lab.objects)}", brand="visa", last4="4242"
                )
            state = "succeeded" if intent.off_session else "pending"
            return Snapshot(
                kind=ObjectKind.PAYMENT, reference=f"pay_{len(self._lab.objects)}", state=state,
                money=intent.money, saved=saved,
            )  # fmt: skip

        return _action(self._lab.call(idempotency_key, make))

    def find(
        self, intent: Intent | RefundIntent | PayoutIntent, *, idempotency_key: str
    ) -> Snapshot | Action | None:
        if self._lab.fault in ("down", "lose"):
            raise ProviderUnreachable("lab.down")
        if self._lab.fault == "deny":
            raise ProviderDenied("credentials", "The key was revoked.")
        reference = self._lab.by_key.get(idempotency_key)
        if reference is None:
            return None
        found = self._lab.objects[reference]
        return _action(found) if isinstance(intent, Intent) else found

    def fetch(self, kind: ObjectKind, reference: str) -> Snapshot:
        if self._lab.fault == "down":
            raise ProviderUnreachable("lab.down")
        if reference not in self._lab.objects:
            raise ProviderRefused("not_found", reference)
        return self._lab.objects[reference]

    def movements(self, since: datetime) -> list[Snapshot]:
        if self._lab.fault == "down":
            raise ProviderUnreachable("lab.down")
        return [each for each in self._lab.objects.values() if each.state in ("succeeded", "settled")]

    def cancel(self, reference: str) -> Snapshot:
        if self._lab.objects[reference].state == "pending":
            self._lab.move(reference, "cancelled", failure_code="cancelled")
        return self._lab.objects[reference]

    def refund(self, intent: RefundIntent, *, idempotency_key: str) -> Snapshot:
        def make() -> Snapshot:
            return Snapshot(
                kind=ObjectKind.REFUND, reference=f"ref_{len(self._lab.objects)}", state="succeeded",
                money=intent.money, parent=intent.payment_reference,
            )  # fmt: skip

        return self._lab.call(idempotency_key, make)

    def payout(self, intent: PayoutIntent, *, idempotency_key: str) -> Snapshot:
        def make() -> Snapshot:
            reference = f"out_{len(self._lab.objects)}"
            return Snapshot(kind=ObjectKind.PAYOUT, reference=reference, state="pending", money=intent.money)

        return self._lab.call(idempotency_key, make)

    def inbound(self, notification: Inbound) -> InboundReference | None:
        wanted = hmac.new(self._account.secrets["key"].encode(), notification.raw, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(wanted, notification.headers.get("lab-signature", "")):
            raise InboundRefused("signature")
        said = json.loads(notification.raw)
        if is_stale(datetime.fromisoformat(said["at"]), notification.now):
            raise InboundRefused("stale")
        if said["kind"] == "nothing":
            return None
        return InboundReference(
            event_id=said["id"], event_type=f"{said['kind']}.changed", object_kind=said["kind"], object_id=said["object"]
        )  # fmt: skip

    def check(self) -> str:
        if self._lab.fault:
            raise ProviderUnreachable("lab.down")
        return "Laboratory"


def _action(snapshot: Snapshot) -> Action:
    return Action(
        reference=snapshot.reference, state=snapshot.state, kind=ActionKind.CLIENT_SECRET,
        secret=f"{snapshot.reference}_secret",
    )  # fmt: skip


def _destination(given: Mapping[str, str]) -> tuple[dict[str, str], str]:
    return {"to": given["to"]}, "somewhere"


TYPE = ProviderType(
    name="lab",
    label="Laboratory",
    capabilities=frozenset(set(Capability) - {Capability.STAFF}),
    currencies=("EUR", "USD", "JPY", "ETH"),
    fields=(ConfigField(name="key", label="Key", is_secret=True),),
    build=LabProvider,
    check_destination=_destination,
    destination_fields=(ConfigField(name="to", label="To"),),
)
register_provider(TYPE)
OLD = timedelta(minutes=6)
