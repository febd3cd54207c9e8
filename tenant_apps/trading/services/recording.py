"""Recording what a venue says: fills into positions, reports into order states. Saying it twice changes
nothing."""

from __future__ import annotations

import logging
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from shared_apps.core import streams
from shared_apps.core.events import emit
from shared_apps.core.locking import lock, lock_one
from shared_apps.core.plain import number
from shared_apps.market_data.rules import EXACT
from tenant_apps.trading import shapes
from tenant_apps.trading.events import OrderExecuted
from tenant_apps.trading.models import Execution, Order, OrderEvent, Position
from tenant_apps.trading.rules.positions import PRICE_STEP, Fill, apply_fill
from tenant_apps.trading.rules.states import IllegalTransition, OrderStatus, path
from tenant_apps.trading_accounts.services import add_to_balance
from tenant_apps.trading_accounts.venues.base import OrderReport, Side, VenueExecution

from .steps import lock_order, publish_order, take_step

logger = logging.getLogger(__name__)

_PENDING = (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE)
_STILL_WORKING = (OrderStatus.ACCEPTED, OrderStatus.TRIGGERED, OrderStatus.PARTIALLY_FILLED)


@transaction.atomic(durable=True)
def record_report(*, order_id: UUID, report: OrderReport, source: str, answers_cancel: bool = False) -> Order:
    """Bring an order to where its venue says it stands, with all fills that are new to us.

    `answers_cancel`: the report is the answer to our request to cancel; otherwise a request that is under
    way stays so.
    """
    order = lock_order(order_id)
    known = _known_fills(order, report)
    new_fills = [fill for fill in report.executions if fill.venue_execution_id not in known]
    for fill in new_fills:
        _record_fill(order, fill)
    order.venue_order_id = report.venue_order_id or order.venue_order_id
    reported = OrderStatus(report.state.value)
    current = OrderStatus(order.status)
    stays_pending = current in _PENDING and reported in _STILL_WORKING and not answers_cancel
    if stays_pending or (reported is current and not new_fills):
        if new_fills:
            order.save()
            publish_order(order)
        return order
    try:
        steps = path(current, reported)
    except IllegalTransition as error:
        # Fills are the truth and are kept; a state that contradicts ours is written down and not believed.
        logger.warning("trading.illegal_report", extra={"order": str(order.pk), "error": str(error)})
        order.save()
        publish_order(order)
        return order
    for step in steps:
        take_step(order, step, source=source, reason_code=report.reason_code)
    publish_order(order)
    return order


def _known_fills(order: Order, report: OrderReport) -> set[str]:
    ids = [fill.venue_execution_id for fill in report.executions]
    rows = Execution.objects.filter(trading_account_id=order.trading_account_id, venue_execution_id__in=ids)
    return set(rows.values_list("venue_execution_id", flat=True)) if ids else set()


def _record_fill(order: Order, fill: VenueExecution) -> None:
    account = order.trading_account
    position = _lock_position(order, fill.fee_currency)
    moved = Fill(Side(order.side), fill.quantity, fill.price, fill.fee)
    effect = apply_fill(shapes.position_state(position), moved)
    execution = Execution.objects.create(
        order=order,
        trading_account=account,
        venue_execution_id=fill.venue_execution_id,
        symbol=order.symbol,
        side=order.side,
        quantity=fill.quantity,
        price=fill.price,
        fee=fill.fee,
        fee_currency=fill.fee_currency,
        realised=effect.realised,
        currency=position.currency,
        executed_at=fill.executed_at,
    )
    was_flat_or_turned = position.quantity == 0 or (position.quantity > 0) != (effect.position.quantity > 0)
    position.quantity, position.cost = effect.position.quantity, effect.position.cost
    position.realised, position.fees = effect.position.realised, effect.position.fees
    if position.quantity == 0:
        position.opened_at = None
    elif was_flat_or_turned:
        position.opened_at = fill.executed_at
    position.updated_at = timezone.now()
    position.save()
    add_to_balance(
        trading_account_id=account.pk,
        currency=position.currency,
        amount=EXACT.subtract(effect.realised, fill.fee),
    )
    order.filled_quantity = EXACT.add(order.filled_quantity, fill.quantity)
    order.filled_cost = EXACT.add(order.filled_cost, EXACT.multiply(fill.quantity, fill.price))
    order.average_price = _average(order.filled_cost, order.filled_quantity)
    emit(
        OrderExecuted(
            order_id=order.pk,
            execution_id=execution.pk,
            trading_account_id=account.pk,
            bot_id=order.bot_id,
            symbol=order.symbol,
            side=order.side,
            quantity=number(fill.quantity),
            price=number(fill.price),
            realised=number(effect.realised),
            fee=number(fill.fee),
            currency=position.currency,
        )
    )
    member_id = account.member_id
    streams.publish("trades", {"type": "execution", **shapes.execution_shape(execution)}, member_id=member_id)
    mark = fill.price
    streams.publish(
        "portfolio", {"type": "position", **shapes.position_shape(position, mark)}, member_id=member_id
    )


def _lock_position(order: Order, currency: str) -> Position:
    """Return the netting position that an order moves, locked. Its currency is the one that fills are
    paid in."""
    rows = Position.objects.filter(trading_account_id=order.trading_account_id, key=order.symbol)
    position: Position | None = lock_one(rows)
    if position is None:
        rows.get_or_create(
            trading_account_id=order.trading_account_id,
            key=order.symbol,
            defaults={"symbol": order.symbol, "currency": currency},
        )
        position = lock(rows)[0]
    return position


def _average(cost: Decimal, quantity: Decimal) -> Decimal:
    return EXACT.divide(cost, quantity).quantize(PRICE_STEP, context=EXACT)


@transaction.atomic(durable=True)
def record_rejection(*, order_id: UUID, reason_code: str, text: str) -> Order:
    """Record that a venue refused an order, or that it can no longer be sent."""
    order = lock_order(order_id)
    if OrderStatus(order.status) in (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN):
        take_step(
            order,
            OrderStatus.REJECTED,
            source=OrderEvent.Source.VENUE,
            reason_code=reason_code[:60],
            text=text,
        )
        publish_order(order)
    return order
