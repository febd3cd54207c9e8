"""Who follows objects of providers that are not payments, refunds, payouts or disputes.

An app above registers the kinds that it follows (``stripe.subscription``) in its ``ready()``. The worker
calls the handler in the platform role, outside of transactions: it fetches the object at the provider, then
opens a transaction of its own. It must be idempotent; a delivery may come twice and out of order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notification as a handler gets it: which object to fetch, at which account.

    ``tenant_id`` and ``target_id`` are what the routing table says of the object, None while it is unknown.
    """

    delivery_id: UUID
    configuration_id: UUID
    provider: str
    event_type: str
    object_kind: str
    object_id: str
    tenant_id: int | None
    target_id: UUID | None


class NotYet(Exception):
    """The object is not known here yet: the delivery waits and comes again, it is never dropped."""


Handler = Callable[[Notice], None]
_HANDLERS: dict[str, Handler] = {}


def register_object_handler(kind: str, handler: Handler) -> None:
    """Have notifications about objects of a kind handled. The last call wins."""
    _HANDLERS[kind] = handler


def handler_of(kind: str) -> Handler | None:
    """Who follows a kind."""
    return _HANDLERS.get(kind)
