"""Stripe's notifications: verified over the raw bytes, and read for nothing but which object to fetch."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from stripe import SignatureVerificationError, WebhookSignature

from billing.payments import inbox, rules
from billing.payments.providers.base import Inbound, InboundReference, InboundRefused, ObjectKind

#: What we follow, by the beginning of the event's type; kinds with a dot where an app above handles them.
_KINDS: Final = (
    ("checkout.session.", ObjectKind.PAYMENT),
    ("payment_intent.", ObjectKind.PAYMENT),
    ("refund.", ObjectKind.REFUND),
    ("charge.dispute.", ObjectKind.DISPUTE),
    ("payout.", ObjectKind.PAYOUT),
    ("customer.subscription.", "stripe.subscription"),
    ("invoice.", "stripe.invoice"),
    ("account.updated", "stripe.account"),
    ("setup_intent.succeeded", "stripe.setup_intent"),
    ("payment_method.detached", "stripe.payment_method"),
)


def read(notification: Inbound, secret: str) -> InboundReference | None:
    """Raises InboundRefused: ``signature``, ``stale`` or ``garbage``."""
    header = notification.headers.get("stripe-signature", "")
    try:
        WebhookSignature.verify_header(notification.raw, header, secret)
        said_at = int(dict(part.split("=", 1) for part in header.split(","))["t"])
        stale = rules.is_stale(datetime.fromtimestamp(said_at, UTC), notification.now)
    except UnicodeDecodeError:
        raise InboundRefused("garbage") from None
    except (SignatureVerificationError, ValueError, KeyError, OverflowError, OSError):
        raise InboundRefused("signature") from None
    if stale:
        raise InboundRefused("stale")
    try:
        event = json.loads(notification.raw)
        event_id, event_type, named = str(event["id"]), str(event["type"]), event["data"]["object"]
        kind, reference = _reference(event, event_type, named)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InboundRefused("garbage") from None
    if not reference or ("." in kind and inbox.handler_of(kind) is None):
        return None
    return InboundReference(event_id=event_id, event_type=event_type, object_kind=kind, object_id=reference)


def _reference(event: dict[str, Any], event_type: str, named: dict[str, Any]) -> tuple[str, str]:
    """The kind and our reference of the object; empty for what is followed by another object, or not ours."""
    kind = next((kind for start, kind in _KINDS if event_type.startswith(start)), "")
    reference = str(named.get("id") or "") if kind else ""
    metadata = named.get("metadata") or {}
    if event_type.startswith("checkout.session.") and named.get("mode") != "payment":
        return kind, ""
    if event_type.startswith("payment_intent."):
        # A page's intent is followed by its session, an invoice's by its subscription.
        return kind, reference if metadata.get("payment") and metadata.get("surface") != "page" else ""
    if event_type.startswith("payout."):
        return kind, f"{event['account']}/{reference}" if event.get("account") and metadata.get(
            "payout"
        ) else ""
    return kind, reference
