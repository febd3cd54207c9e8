"""Notifications are not signed: they come from known addresses, and the object is fetched again."""

from __future__ import annotations

import ipaddress
import json
from typing import Final

from billing.payments.providers.base import Inbound, InboundReference, InboundRefused, ObjectKind
from billing.payments.providers.remote import text_of

#: https://yookassa.ru/developers/using-api/webhooks
NETWORKS: Final = tuple(
    ipaddress.ip_network(text)
    for text in (
        "185.71.76.0/27",
        "185.71.77.0/27",
        "77.75.153.0/25",
        "77.75.156.11/32",
        "77.75.156.35/32",
        "77.75.154.128/25",
        "2a02:5180::/32",
    )
)
_KINDS: Final = {"payment": ObjectKind.PAYMENT, "refund": ObjectKind.REFUND, "payout": ObjectKind.PAYOUT}


def is_theirs(address: str | None, *, is_simulated: bool) -> bool:
    """Whether a notification comes from YooKassa; of a simulated account from this machine or network."""
    try:
        given = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    if isinstance(given, ipaddress.IPv6Address) and given.ipv4_mapped:
        given = given.ipv4_mapped
    if is_simulated:
        return given.is_loopback or given.is_private
    return any(given.version == network.version and given in network for network in NETWORKS)


def named_object(notification: Inbound, *, is_simulated: bool) -> InboundReference | None:
    """Which object a notification is about. Raises InboundRefused."""
    if not is_theirs(notification.remote_addr, is_simulated=is_simulated):
        raise InboundRefused("address")
    try:
        body = json.loads(notification.raw)
    except (ValueError, RecursionError):
        raise InboundRefused("garbage") from None
    event, object_id = text_of(body, "event"), text_of(body, "object", "id")
    if text_of(body, "type") != "notification" or not event or not object_id:
        raise InboundRefused("garbage")
    kind = _KINDS.get(event.partition(".")[0])
    if kind is None:
        return None
    return InboundReference(
        event_id=f"{event}:{object_id}",  # they have no number; what happened to what happens once
        event_type=event,
        object_kind=kind,
        object_id=object_id,
        signature="address",
    )
