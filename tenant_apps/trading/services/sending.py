"""Sending orders, and finding out what became of those that were not answered.

The rule that keeps an order from being lost or doubled: what we are about to do is committed before the
venue is asked, and after an answer that did not come nothing is sent again before the venue has proved
that it never got it. No transaction is open while a venue is asked.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from shared_apps.core.background import enqueue
from tenant_apps.trading import queries
from tenant_apps.trading.models import Order, OrderEvent
from tenant_apps.trading.rules.orders import bot_client_order_id
from tenant_apps.trading.rules.states import OrderStatus
from tenant_apps.trading_accounts.queries import open_venue
from tenant_apps.trading_accounts.venues.base import (
    OrderType,
    Side,
    TimeInForce,
    VenueError,
    VenueOrder,
    VenueRejected,
    VenueTimeout,
    VenueUnavailable,
)

from .recording import record_rejection, record_report
from .steps import lock_order, publish_order, take_step

LOOK_UPS = (1, 2, 5, 15)
"""Seconds before each look-up of an order that was not answered; absent in all of them, it never arrived."""
LOOK_UP_WHEN_AWAY = 30
RESEND_WITHIN = timedelta(seconds=90)
"""A market order that is older is not sent any more: its price is history."""

_VENUE, _RECONCILIATION = OrderEvent.Source.VENUE, OrderEvent.Source.RECONCILIATION


def send_order(*, order_id: UUID) -> None:
    """Hand a queued order to its venue. Called again for the same order it never sends a second one."""
    order = _begin_sending(order_id=order_id)
    if order is None:
        return
    venue = open_venue(order.trading_account)
    try:
        report = venue.submit(_venue_order(order))
    except VenueRejected as error:
        record_rejection(order_id=order.pk, reason_code=error.reason_code, text=str(error))
    except VenueTimeout as error:
        _begin_look_up(order_id=order.pk, reason_code=error.code, text=str(error))
    except VenueUnavailable as error:
        _begin_look_up(order_id=order.pk, reason_code=error.code, text=str(error))
    else:
        record_report(order_id=order.pk, report=report, source=_VENUE)


@transaction.atomic(durable=True)
def _begin_sending(*, order_id: UUID) -> Order | None:
    """Commit that the order is about to be sent. None when it is not ours to send."""
    order = lock_order(order_id)
    if order.status == OrderStatus.SUBMITTED:
        # An earlier delivery of this task died between here and the record: the venue may have the order.
        _to_look_up(order, reason_code="sender_died", text="")
        return None
    if order.status != OrderStatus.QUEUED:
        return None
    take_step(order, OrderStatus.SUBMITTED)
    publish_order(order)
    return order


@transaction.atomic(durable=True)
def _begin_look_up(*, order_id: UUID, reason_code: str, text: str) -> None:
    order = lock_order(order_id)
    if order.status == OrderStatus.SUBMITTED:
        _to_look_up(order, reason_code=reason_code, text=text)


def _to_look_up(order: Order, *, reason_code: str, text: str) -> None:
    take_step(order, OrderStatus.UNKNOWN, source=_VENUE, reason_code=reason_code, text=text)
    publish_order(order)
    enqueue("trading.reconcile_order", order_id=order.pk, look_up=0, countdown=LOOK_UPS[0])


def reconcile_order(*, order_id: UUID, look_up: int) -> None:
    """Ask the venue what became of an order that was not answered.

    Found: it is recorded. Absent in every look-up: it is sent again under a new attempt while it is
    fresh, else canceled. While the venue is away nothing is decided.
    """
    order = Order.objects.select_related("trading_account").get(pk=order_id)
    if order.status != OrderStatus.UNKNOWN:
        return
    try:
        report = open_venue(order.trading_account).find(order.client_order_id)
    except VenueError:
        _look_again(order_id=order.pk, look_up=look_up, countdown=LOOK_UP_WHEN_AWAY)
        return
    if report is not None:
        record_report(order_id=order.pk, report=report, source=_RECONCILIATION)
    elif look_up + 1 < len(LOOK_UPS):
        _look_again(order_id=order.pk, look_up=look_up + 1, countdown=LOOK_UPS[look_up + 1])
    else:
        _settle_absent(order_id=order.pk)


@transaction.atomic(durable=True)
def _look_again(*, order_id: UUID, look_up: int, countdown: int) -> None:
    enqueue("trading.reconcile_order", order_id=order_id, look_up=look_up, countdown=countdown)
    Order.objects.filter(pk=order_id, status=OrderStatus.UNKNOWN).update(updated_at=timezone.now())


@transaction.atomic(durable=True)
def _settle_absent(*, order_id: UUID) -> None:
    """The venue has proved that it never got the order: send it again, or give it up."""
    order = lock_order(order_id)
    if order.status != OrderStatus.UNKNOWN:
        return
    if timezone.now() - order.created_at > RESEND_WITHIN:
        take_step(order, OrderStatus.CANCELED, source=_RECONCILIATION, reason_code="never_arrived")
        publish_order(order)
        return
    raw = {"absent_client_order_id": order.client_order_id}
    order.attempt += 1
    if order.bot_id is not None and order.signal_bar_opened_at is not None:
        order.client_order_id = bot_client_order_id(
            bot_id=order.bot_id,
            bar_opened_at=order.signal_bar_opened_at,
            leg=order.leg,
            attempt=order.attempt,
        )
    # An order by hand keeps its id: it is the customer's own key, and a venue that never saw it accepts it.
    take_step(order, OrderStatus.QUEUED, source=_RECONCILIATION, reason_code="absent", raw=raw)
    publish_order(order)
    enqueue("trading.send_order", order_id=order.pk)


def send_cancel(*, order_id: UUID) -> None:
    """Ask the venue to cancel an order. Called again for the same order it only asks again."""
    order = Order.objects.select_related("trading_account").get(pk=order_id)
    if order.status != OrderStatus.PENDING_CANCEL:
        return
    try:
        report = open_venue(order.trading_account).cancel(order.client_order_id)
    except VenueError as error:
        _cancel_unanswered(order_id=order.pk, reason_code=error.code)
    else:
        record_report(order_id=order.pk, report=report, source=_VENUE, answers_cancel=True)


@transaction.atomic(durable=True)
def _cancel_unanswered(*, order_id: UUID, reason_code: str) -> None:
    order = lock_order(order_id)
    if order.status == OrderStatus.PENDING_CANCEL:
        _to_look_up(order, reason_code=reason_code, text="")


def take_up_stuck_orders() -> int:
    """Look after orders whose sender died without a trace; return how many. The sweep behind the outbox."""
    stuck = queries.stuck_orders()
    for order_id, status in stuck:
        if status == OrderStatus.PENDING_CANCEL:
            send_cancel(order_id=order_id)
        elif status == OrderStatus.SUBMITTED:
            _begin_look_up(order_id=order_id, reason_code="sender_died", text="")
        else:
            reconcile_order(order_id=order_id, look_up=len(LOOK_UPS) - 1)
    return len(stuck)


def _venue_order(order: Order) -> VenueOrder:
    return VenueOrder(
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=Side(order.side),
        order_type=OrderType(order.order_type),
        time_in_force=TimeInForce(order.time_in_force),
        quantity=order.quantity,
        signal_bar_opened_at=order.signal_bar_opened_at,
    )
