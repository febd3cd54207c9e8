"""Orders, executions and positions as JSON: the same in the API, in its fast list and on the streams.

Numbers are text without trailing zeros, times are UTC with microseconds. The serializers are the
specification, and contract tests hold these and the SQL of the fast list to them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from shared_apps.core.plain import moment, number

from .models import Execution, Order, Position
from .rules.positions import PositionState


def money(amount: Decimal, currency: str) -> dict[str, str]:
    """Return an amount of money."""
    return {"amount": number(amount), "currency": currency}


def order_shape(order: Order) -> dict[str, Any]:
    """Return an order as JSON."""
    return {
        "id": str(order.pk),
        "trading_account": str(order.trading_account_id),
        "symbol": order.symbol,
        "side": order.side,
        "order_type": order.order_type,
        "time_in_force": order.time_in_force,
        "quantity": number(order.quantity),
        "filled_quantity": number(order.filled_quantity),
        "average_price": _optional_number(order.average_price),
        "expected_price": _optional_number(order.expected_price),
        "status": order.status,
        "reason_code": order.reason_code,
        "client_order_id": order.client_order_id,
        "venue_order_id": order.venue_order_id,
        "attempt": order.attempt,
        "bot": None if order.bot_id is None else str(order.bot_id),
        "signal_bar_opened_at": None
        if order.signal_bar_opened_at is None
        else moment(order.signal_bar_opened_at),
        "created_at": moment(order.created_at),
        "updated_at": moment(order.updated_at),
    }


def execution_shape(execution: Execution) -> dict[str, Any]:
    """Return an execution as JSON."""
    return {
        "id": str(execution.pk),
        "order": str(execution.order_id),
        "trading_account": str(execution.trading_account_id),
        "venue_execution_id": execution.venue_execution_id,
        "symbol": execution.symbol,
        "side": execution.side,
        "quantity": number(execution.quantity),
        "price": number(execution.price),
        "fee": money(execution.fee, execution.fee_currency),
        "realised": money(execution.realised, execution.currency),
        "executed_at": moment(execution.executed_at),
        "created_at": moment(execution.created_at),
    }


def position_state(position: Position) -> PositionState:
    """Return a position's row as the rules want it."""
    return PositionState(position.quantity, position.cost, position.realised, position.fees)


def position_shape(position: Position, mark: Decimal | None = None) -> dict[str, Any]:
    """Return a position as JSON; with a `mark` price also what closing it there would realise."""
    state = position_state(position)
    return {
        "id": str(position.pk),
        "trading_account": str(position.trading_account_id),
        "symbol": position.symbol,
        "quantity": number(position.quantity),
        "average_price": _optional_number(state.average_price),
        "realised": money(position.realised, position.currency),
        "fees": money(position.fees, position.currency),
        "mark_price": _optional_number(mark),
        "unrealised": None if mark is None else money(state.unrealised(mark), position.currency),
        "opened_at": None if position.opened_at is None else moment(position.opened_at),
        "updated_at": moment(position.updated_at),
    }


def _optional_number(value: Decimal | None) -> str | None:
    return None if value is None else number(value)
