"""BTCPay's notifications: an HMAC over the raw bytes, compared before anything is read."""

from __future__ import annotations

import hashlib
import hmac
import json

from billing.payments.providers.base import Inbound, InboundReference, InboundRefused, ObjectKind
from billing.payments.providers.remote import text_of


def named_object(notification: Inbound, *, secret: str, store: str) -> InboundReference | None:
    """Which object a notification is about. Raises InboundRefused."""
    given = notification.headers.get("btcpay-sig", "")
    right = "sha256=" + hmac.new(secret.encode(), notification.raw, hashlib.sha256).hexdigest()
    if not secret or not hmac.compare_digest(given.encode(), right.encode()):
        raise InboundRefused("signature")
    try:
        body = json.loads(notification.raw)
    except (ValueError, RecursionError):
        raise InboundRefused("garbage") from None
    kind = text_of(body, "type")
    # A redelivery has a number of its own; it says the same as its original.
    event_id = text_of(body, "originalDeliveryId") or text_of(body, "deliveryId")
    if not kind or not event_id:
        raise InboundRefused("garbage")
    if text_of(body, "storeId") != store:
        raise InboundRefused("signature")
    if kind.startswith("Invoice"):
        object_kind, object_id = ObjectKind.PAYMENT, text_of(body, "invoiceId")
    elif kind.startswith("Payout"):
        object_kind, object_id = ObjectKind.PAYOUT, text_of(body, "payoutId")
    else:
        return None
    if not object_id:
        raise InboundRefused("garbage")
    return InboundReference(event_id=event_id, event_type=kind, object_kind=object_kind, object_id=object_id)
