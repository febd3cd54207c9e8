"""Reads of orders, executions and positions, always through an actor."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, Sum, Value, When
from django.utils import timezone

from shared_apps.access.actors import Actor
from shared_apps.access.scoping import get_for, scope, shared_ids

from .models import Execution, Order, Position
from .rules.states import WORKING, OrderStatus

STUCK_AFTER = timedelta(seconds=45)


def _own(actor: Actor) -> Q:
    return Q(trading_account__member_id=actor.member_id)


def _seen(actor: Actor) -> Q:
    """What happens on the actor's own accounts, and on those that somebody shared with them."""
    shared = shared_ids(actor, "trading_accounts.view_account")
    return _own(actor) if shared is None else _own(actor) | Q(trading_account_id__in=shared)


def visible_orders(actor: Actor) -> QuerySet[Order]:
    """Return the orders that the actor may see, the latest first."""
    return scope(Order.objects.all(), actor, "trading.view_order", _seen(actor))


def visible_executions(actor: Actor) -> QuerySet[Execution]:
    """Return the executions that the actor may see, the latest first."""
    return scope(Execution.objects.all(), actor, "trading.view_execution", _seen(actor))


def visible_positions(actor: Actor) -> QuerySet[Position]:
    """Return the positions that the actor may see, the flat ones too."""
    return scope(Position.objects.all(), actor, "trading.view_position", _seen(actor))


def order_to_cancel(actor: Actor, order_id: Any) -> Order:
    """Return an order, locked, to be canceled. Raises NotFoundError or ForbiddenError."""
    order: Order = get_for(
        actor,
        Order.objects.select_related("trading_account"),
        "trading.view_order",
        "trading.cancel_order",
        order_id,
        own=_seen(actor),
        own_act=_own(actor),
        for_update=True,
    )
    return order


def position_to_close(actor: Actor, position_id: Any) -> Position:
    """Return a position, locked, to be closed. Raises NotFoundError or ForbiddenError."""
    position: Position = get_for(
        actor,
        Position.objects.select_related("trading_account"),
        "trading.view_position",
        "trading.close_position",
        position_id,
        own=_seen(actor),
        own_act=_own(actor),
        for_update=True,
    )
    return position


def has_unknown_order(trading_account_id: UUID, symbol: str) -> bool:
    """Tell whether an account waits to learn what became of an order in this instrument."""
    return Order.objects.filter(
        trading_account_id=trading_account_id, symbol=symbol, status=OrderStatus.UNKNOWN
    ).exists()


def stuck_orders(now: datetime | None = None) -> list[tuple[UUID, str]]:
    """Return id and status of orders that were sent or not answered too long ago (their worker died)."""
    before = (now or timezone.now()) - STUCK_AFTER
    waiting = (OrderStatus.SUBMITTED, OrderStatus.UNKNOWN, OrderStatus.PENDING_CANCEL)
    rows = Order.objects.filter(status__in=waiting, updated_at__lt=before)
    return list(rows.order_by("pk").values_list("pk", "status"))


def working_symbols() -> list[str]:
    """Return the instruments in which this tenant has orders at a venue."""
    rows = Order.objects.filter(status__in=sorted(WORKING)).order_by("symbol")
    return list(rows.values_list("symbol", flat=True).distinct())


def bot_portfolio(bot_id: UUID) -> tuple[Decimal, Decimal]:
    """Return what a bot holds and what its working orders would still add, both signed."""
    sign = Case(When(side="buy", then=Value(1)), default=Value(-1))
    left = (F("quantity") - F("filled_quantity")) * sign
    sums = Order.objects.filter(bot_id=bot_id).aggregate(
        held=Sum(F("filled_quantity") * sign),
        working=Sum(left, filter=Q(status__in=sorted(WORKING))),
    )
    return sums["held"] or Decimal(0), sums["working"] or Decimal(0)
