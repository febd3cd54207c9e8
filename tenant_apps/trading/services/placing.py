"""Placing and canceling orders: everything up to the moment at which a venue is asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.subscriptions.gate import require_access
from shared_apps.access.actors import Actor
from shared_apps.core.background import enqueue
from shared_apps.core.errors import ConflictError, DomainError
from shared_apps.core.events import emit
from shared_apps.core.ids import uuid7
from shared_apps.market_data import queries as market_data
from shared_apps.market_data.interest import declare_interest
from shared_apps.market_data.models import Instrument
from tenant_apps.trading import queries
from tenant_apps.trading.events import CancelRequested, OrderPlaced
from tenant_apps.trading.models import Order
from tenant_apps.trading.rules.orders import (
    FieldFault,
    InvalidOrder,
    OrderFault,
    ValidOrder,
    manual_client_order_id,
    validate_order,
)
from tenant_apps.trading.rules.states import (
    CANCELABLE_AT_VENUE,
    CANCELABLE_LOCALLY,
    TERMINAL,
    OrderStatus,
)
from tenant_apps.trading_accounts.models import TradingAccount
from tenant_apps.trading_accounts.queries import account_to_act_on
from tenant_apps.trading_accounts.rules import AccountStatus
from tenant_apps.trading_accounts.venues.base import OrderType, Side, venue_type

from .steps import publish_order, take_step


@transaction.atomic(durable=True)
def place_order(
    *,
    actor: Actor,
    trading_account_id: Any,
    symbol: object,
    side: object,
    quantity: object,
    order_type: object = OrderType.MARKET,
    time_in_force: object = None,
    client_order_id: str = "",
) -> Order:
    """Place an order by hand. It is checked and stored now and sent to the venue after the commit.

    The same `client_order_id` with the same content returns the first order. Raises DomainError naming
    each broken rule by field, ConflictError when the account is not connected, the symbol is frozen or
    the id is taken, ForbiddenError("subscription.required").
    """
    account = account_to_act_on(actor, "trading.place_order", trading_account_id)
    require_access(actor, "trade")
    instrument = market_data.tradable_instrument(symbol)
    raw = {"side": side, "quantity": quantity, "order_type": order_type, "time_in_force": time_in_force}
    return queue_order(account=account, instrument=instrument, raw=raw, client_order_id=client_order_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPreview:
    """An order as it would be placed; `notional` is its size at the last price, None where there is none.

    Placing it with its `client_order_id` makes a second press harmless.
    """

    client_order_id: str
    symbol: str
    side: str
    quantity: Decimal
    quantity_text: str
    currency: str
    last_price: Decimal | None
    notional: Decimal | None


def preview_order(
    *, actor: Actor, trading_account_id: Any, symbol: object, side: object, quantity: object
) -> OrderPreview:
    """Check an order and say what it would be; nothing is written. Raises as `place_order`."""
    account = account_to_act_on(actor, "trading.place_order", trading_account_id)
    instrument = market_data.tradable_instrument(symbol)
    raw: dict[str, object] = {
        "side": side,
        "quantity": quantity,
        "client_order_id": manual_client_order_id(uuid7()),
    }
    valid = _checked(raw, instrument, account)
    _refuse_when_not_ready(account, instrument.symbol)
    price = _last_price(instrument)
    return OrderPreview(
        client_order_id=valid.client_order_id,
        symbol=instrument.symbol,
        side=valid.side,
        quantity=valid.quantity,
        quantity_text=f"{valid.quantity:f}",
        currency=instrument.quote,
        last_price=price,
        notional=None if price is None else valid.quantity * price,
    )


def queue_order(
    *,
    account: TradingAccount,
    instrument: Instrument,
    raw: dict[str, object],
    client_order_id: str = "",
    bot_id: UUID | None = None,
    signal_bar_opened_at: datetime | None = None,
    leg: int = 0,
    expected_price: Decimal | None = None,
) -> Order:
    """Step: check an order, store it as queued and enqueue its sending. Raises as `place_order`."""
    order_id = uuid7()
    client_order_id = client_order_id or manual_client_order_id(order_id)
    valid = _checked({**raw, "client_order_id": client_order_id}, instrument, account)
    known = _known(account, instrument, valid)
    if known is not None:
        return known
    _refuse_when_not_ready(account, instrument.symbol)
    order = Order(
        id=order_id,
        trading_account=account,
        symbol=instrument.symbol,
        side=valid.side,
        order_type=valid.order_type,
        time_in_force=valid.time_in_force,
        quantity=valid.quantity,
        expected_price=expected_price if expected_price is not None else _last_price(instrument),
        client_order_id=client_order_id,
        bot_id=bot_id,
        signal_bar_opened_at=signal_bar_opened_at,
        leg=leg,
    )
    try:
        with transaction.atomic():
            take_step(order, OrderStatus.QUEUED)
    except IntegrityError:
        known = _known(account, instrument, valid)
        if known is None:
            raise
        return known  # somebody placed the same order in the same moment
    emit(
        OrderPlaced(
            order_id=order.pk,
            trading_account_id=account.pk,
            symbol=order.symbol,
            side=order.side,
            quantity=f"{order.quantity:f}",
            bot_id=bot_id,
        )
    )
    publish_order(order)
    enqueue("trading.send_order", order_id=order.pk)
    if account.is_simulated:
        declare_interest(order.symbol)
    return order


def _checked(raw: dict[str, object], instrument: Instrument, account: TradingAccount) -> ValidOrder:
    try:
        return validate_order(raw, spec=instrument.spec, capabilities=venue_type(account.venue).capabilities)
    except InvalidOrder as error:
        details: dict[str, list[str]] = {}
        for fault in error.faults:
            details.setdefault(fault.field, []).append(fault_text(fault))
        first = error.faults[0]
        raise DomainError(
            f"order.{first.field}_{first.rule}", fault_text(first), field=first.field, details=details
        ) from error


def fault_text(fault: FieldFault) -> str:
    """Return a broken rule as a sentence in the reader's language."""
    texts = {
        OrderFault.REQUIRED: _("This field is required."),
        OrderFault.NOT_A_NUMBER: _("This must be a number."),
        OrderFault.NOT_FINITE: _("This must be a finite number."),
        OrderFault.NOT_POSITIVE: _("This must be greater than zero."),
        OrderFault.TOO_LARGE: _("This must be at most %(bound)s."),
        OrderFault.NOT_ON_STEP: _("This must be a multiple of %(bound)s."),
        OrderFault.NOT_A_CHOICE: _("This must be one of %(bound)s."),
        OrderFault.NOT_SUPPORTED: _("This venue does not support %(bound)s."),
        OrderFault.BAD_FORMAT: _("This must be 1 to %(bound)s letters and digits."),
    }
    return texts[fault.rule] % {"bound": fault.bound}


def _known(account: TradingAccount, instrument: Instrument, valid: ValidOrder) -> Order | None:
    """Return the order that has this client order id already, if it is the same one."""
    order: Order | None = (
        Order.objects.select_related("trading_account")
        .filter(trading_account=account, client_order_id=valid.client_order_id)
        .first()
    )
    if order is None:
        return None
    same = (order.symbol, order.side, order.order_type, order.quantity) == (
        instrument.symbol,
        valid.side,
        valid.order_type,
        valid.quantity,
    )
    if not same:
        raise ConflictError(
            "order.client_order_id_taken",
            _("Another order already has this client order id."),
            field="client_order_id",
        )
    return order


def _refuse_when_not_ready(account: TradingAccount, symbol: str) -> None:
    if account.status != AccountStatus.CONNECTED:
        raise ConflictError(
            "order.account_not_connected",
            _("The trading account is not connected."),
            field="trading_account",
        )
    if queries.has_unknown_order(account.pk, symbol):
        raise ConflictError(
            "order.symbol_frozen",
            _("An earlier order in %(symbol)s has not been answered yet; it is being looked up.")
            % {"symbol": symbol},
            field="symbol",
        )


def _last_price(instrument: Instrument) -> Decimal | None:
    bar = market_data.last_bar(instrument)
    return None if bar is None else instrument.spec.price(bar.close)


@transaction.atomic(durable=True)
def cancel_order(*, actor: Actor, order_id: Any, reason: str = "") -> Order:
    """Cancel an order: at once when no venue knows it, else by asking the venue.

    Raises ConflictError("order.not_cancelable") when it has ended, ConflictError("order.in_flight") while its
    answer is awaited.
    """
    order = queries.order_to_cancel(actor, order_id)
    status = OrderStatus(order.status)
    if status in TERMINAL:
        raise ConflictError("order.not_cancelable", _("This order has ended; it cannot be canceled."))
    emit(CancelRequested(order_id=order.pk, reason=reason))
    if status in CANCELABLE_LOCALLY:
        take_step(order, OrderStatus.CANCELED, reason_code="canceled_by_user", text=reason)
    elif status in CANCELABLE_AT_VENUE:
        take_step(order, OrderStatus.PENDING_CANCEL, reason_code="canceled_by_user", text=reason)
        enqueue("trading.send_cancel", order_id=order.pk)
    elif status != OrderStatus.PENDING_CANCEL:
        raise ConflictError(
            "order.in_flight", _("This order is on its way to the venue; try again in a moment.")
        )
    publish_order(order)
    return order


@transaction.atomic(durable=True)
def close_position(*, actor: Actor, position_id: Any) -> Order:
    """Close a position with a market order over all of it. Raises ConflictError("position.flat")."""
    position = queries.position_to_close(actor, position_id)
    if position.quantity == 0:
        raise ConflictError("position.flat", _("This position is closed already."))
    side = Side.SELL if position.quantity > 0 else Side.BUY
    instrument = market_data.tradable_instrument(position.symbol)
    raw: dict[str, object] = {"side": side, "quantity": abs(position.quantity)}
    return queue_order(account=position.trading_account, instrument=instrument, raw=raw)
