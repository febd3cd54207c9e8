"""Steps that every writing of orders is made of. They run inside the caller's transaction."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from shared_apps.core import streams
from shared_apps.core.events import emit
from shared_apps.core.locking import lock_one
from tenant_apps.trading import shapes
from tenant_apps.trading.events import OrderChanged
from tenant_apps.trading.models import Order, OrderEvent
from tenant_apps.trading.rules.states import OrderStatus, advance

_SOURCES = OrderEvent.Source


def lock_order(order_id: UUID) -> Order:
    """Return an order, locked until the transaction ends, with its account."""
    order: Order | None = lock_one(Order.objects.select_related("trading_account").filter(pk=order_id))
    if order is None:
        raise Order.DoesNotExist(f"there is no order {order_id}")
    return order


def take_step(
    order: Order,
    new: OrderStatus,
    *,
    source: str = _SOURCES.US,
    reason_code: str = "",
    text: str = "",
    raw: dict[str, Any] | None = None,
) -> None:
    """Move an order to a new status and write its event. Raises IllegalTransition; needs a transaction.

    The caller saves nothing itself: all fields of the order that it changed are saved here, and an order
    that is new is inserted.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("an order changes inside a transaction")
    order.status = advance(OrderStatus(order.status), new)
    order.reason_code = reason_code
    order.event_seq += 1
    order.updated_at = timezone.now()
    order.save(force_insert=order._state.adding)
    OrderEvent.objects.create(
        order=order,
        seq=order.event_seq,
        status=new,
        source=source,
        reason_code=reason_code,
        text=text[:300],
        raw=raw or {},
    )
    emit(
        OrderChanged(
            order_id=order.pk,
            trading_account_id=order.trading_account_id,
            status=new,
            source=source,
            reason_code=reason_code,
        )
    )


def publish_order(order: Order) -> None:
    """Tell the listeners of `orders` where the order stands after this transaction."""
    member_id = order.trading_account.member_id
    streams.publish("orders", {"type": "order", **shapes.order_shape(order)}, member_id=member_id)
