"""PayPal's notifications: verified by PayPal over the very bytes, then only the object's name is taken."""

from __future__ import annotations

import json
from typing import Any, Final

from billing.payments.providers.base import (
    Inbound,
    InboundReference,
    InboundRefused,
    ObjectKind,
    ProviderRefused,
)
from billing.payments.providers.remote import text_of

from .client import PayPalClient

_HEADERS: Final = {
    "transmission_id": "paypal-transmission-id",
    "transmission_time": "paypal-transmission-time",
    "cert_url": "paypal-cert-url",
    "auth_algo": "paypal-auth-algo",
    "transmission_sig": "paypal-transmission-sig",
}


def named_object(client: PayPalClient, notification: Inbound) -> InboundReference | None:
    """Verify and name. Raises InboundRefused; ProviderUnreachable or ProviderUnknown where PayPal does not
    say: the notification comes again."""
    try:
        event = json.loads(notification.raw)
    except (ValueError, RecursionError):
        raise InboundRefused("garbage") from None
    if not isinstance(event, dict):
        raise InboundRefused("garbage")
    given = {name: notification.headers.get(header, "") for name, header in _HEADERS.items()}
    if not all(given.values()) or not client.webhook_id:
        raise InboundRefused("signature")
    # Written anew, the event's bytes are others and its signature does not hold: they are spliced in.
    head = json.dumps({**given, "webhook_id": client.webhook_id})[:-1].encode()
    body = head + b', "webhook_event": ' + notification.raw.strip() + b"}"
    try:
        said = client.post_raw("/v1/notifications/verify-webhook-signature", body)
    except ProviderRefused:
        raise InboundRefused("signature") from None
    if text_of(said, "verification_status") != "SUCCESS":
        raise InboundRefused("signature")
    return _reference(event)


def _reference(event: dict[str, Any]) -> InboundReference | None:
    kind, resource = text_of(event, "event_type"), event.get("resource")
    event_id = text_of(event, "id")
    if not kind or not event_id:
        raise InboundRefused("garbage")
    found = _object_of(kind, resource)
    if found is None:
        return None
    object_kind, object_id = found
    if not object_id:
        raise InboundRefused("garbage")
    return InboundReference(event_id=event_id, event_type=kind, object_kind=object_kind, object_id=object_id)


def _object_of(kind: str, resource: Any) -> tuple[ObjectKind, str] | None:
    """Which object an event is about; None for those that change nothing we follow."""
    if kind.startswith("CHECKOUT.ORDER."):
        return ObjectKind.PAYMENT, text_of(resource, "id")
    if kind in ("PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED") or kind.startswith("PAYMENT.REFUND."):
        return ObjectKind.REFUND, text_of(resource, "id")
    if kind.startswith("PAYMENT.CAPTURE."):
        return ObjectKind.PAYMENT, text_of(resource, "supplementary_data", "related_ids", "order_id")
    if kind.startswith("PAYMENT.PAYOUTS-ITEM."):
        return ObjectKind.PAYOUT, text_of(resource, "payout_batch_id")
    if kind.startswith("CUSTOMER.DISPUTE."):
        return ObjectKind.DISPUTE, text_of(resource, "dispute_id")
    return None
