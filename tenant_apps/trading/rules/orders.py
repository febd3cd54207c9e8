"""What makes an order valid before any venue sees it, and the id by which a venue knows it."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from shared_apps.market_data.rules import InstrumentSpec
from tenant_apps.trading_accounts.venues.base import OrderType, Side, TimeInForce, VenueCapabilities

MAX_QUANTITY = Decimal(10) ** 15
"""Above this a quantity is a slip of the keyboard, and it still fits the database column."""

CLIENT_ORDER_ID_LENGTH = 26
"""MetaApi's limit, the lowest of the venues that we know."""

_E = TypeVar("_E", bound=StrEnum)
_CLIENT_ORDER_ID = re.compile(rf"[A-Za-z0-9]{{1,{CLIENT_ORDER_ID_LENGTH}}}")


class OrderFault(StrEnum):
    """Why an order is not valid: the rule that it breaks."""

    REQUIRED = "required"
    NOT_A_NUMBER = "not_a_number"
    NOT_FINITE = "not_finite"
    NOT_POSITIVE = "not_positive"
    TOO_LARGE = "too_large"
    NOT_ON_STEP = "not_on_step"
    NOT_A_CHOICE = "not_a_choice"
    NOT_SUPPORTED = "not_supported"
    BAD_FORMAT = "bad_format"


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One broken rule: the field, the rule, and the bound that it names."""

    field: str
    rule: OrderFault
    bound: str = ""


class InvalidOrder(ValueError):
    """An order breaks at least one rule; `faults` names each."""

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__(", ".join(f"{fault.field}: {fault.rule}" for fault in faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class ValidOrder:
    """An order that passed `validate_order`."""

    side: Side
    order_type: OrderType
    time_in_force: TimeInForce
    quantity: Decimal
    lots: int
    client_order_id: str


def validate_order(
    raw: Mapping[str, object], *, spec: InstrumentSpec, capabilities: VenueCapabilities
) -> ValidOrder:
    """Check every field of an order and return it typed.

    `raw` holds side, order_type, time_in_force, quantity and client_order_id as they came in (text,
    Decimal or None). Raises InvalidOrder with all faults at once, so that a form can show them together.
    """
    faults: list[FieldFault] = []
    side = _choice("side", raw.get("side"), Side, faults)
    order_type = _choice("order_type", raw.get("order_type") or OrderType.MARKET, OrderType, faults)
    if order_type is not None and order_type not in capabilities.order_types:
        faults.append(FieldFault("order_type", OrderFault.NOT_SUPPORTED, order_type))
    time_in_force = _choice("time_in_force", raw.get("time_in_force") or TimeInForce.GTC, TimeInForce, faults)
    if time_in_force is not None and time_in_force not in capabilities.times_in_force:
        faults.append(FieldFault("time_in_force", OrderFault.NOT_SUPPORTED, time_in_force))
    quantity = parse_positive("quantity", raw.get("quantity"), faults, step=spec.lot_step)
    client_order_id = raw.get("client_order_id")
    if not isinstance(client_order_id, str) or not _CLIENT_ORDER_ID.fullmatch(client_order_id):
        faults.append(FieldFault("client_order_id", OrderFault.BAD_FORMAT, str(CLIENT_ORDER_ID_LENGTH)))
    if faults or side is None or order_type is None or time_in_force is None or quantity is None:
        raise InvalidOrder(faults)
    return ValidOrder(
        side=side,
        order_type=order_type,
        time_in_force=time_in_force,
        quantity=quantity,
        lots=spec.lots(quantity),
        client_order_id=str(client_order_id),
    )


def parse_positive(field: str, value: object, faults: list[FieldFault], *, step: Decimal) -> Decimal | None:
    """Return `value` as a positive finite Decimal on the grid of `step`, or None with the fault added."""
    number = _number(value)
    if value is None or value == "":
        faults.append(FieldFault(field, OrderFault.REQUIRED))
    elif number is None:
        faults.append(FieldFault(field, OrderFault.NOT_A_NUMBER))
    elif not number.is_finite():
        faults.append(FieldFault(field, OrderFault.NOT_FINITE))
    elif number <= 0:
        faults.append(FieldFault(field, OrderFault.NOT_POSITIVE))
    elif number > MAX_QUANTITY:
        faults.append(FieldFault(field, OrderFault.TOO_LARGE, f"{MAX_QUANTITY:f}"))
    elif not _is_on_step(number, step):
        faults.append(FieldFault(field, OrderFault.NOT_ON_STEP, f"{step:f}"))
    else:
        return number
    return None


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return None
    try:
        return Decimal(value)
    except InvalidOperation:
        return None


def _is_on_step(number: Decimal, step: Decimal) -> bool:
    # Compared by exponent first: 1E-400 would otherwise need 400 digits of precision.
    exponent = number.normalize().as_tuple().exponent
    finest = step.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or not isinstance(finest, int) or exponent < finest:
        return False
    scale = Decimal(1).scaleb(-finest)
    return int(number * scale) % int(step * scale) == 0


def _choice(field: str, value: object, choices: type[_E], faults: list[FieldFault]) -> _E | None:
    if value is None or value == "":
        faults.append(FieldFault(field, OrderFault.REQUIRED))
        return None
    try:
        return choices(str(value))
    except ValueError:
        faults.append(FieldFault(field, OrderFault.NOT_A_CHOICE, ", ".join(choices)))
        return None


def bot_client_order_id(*, bot_id: UUID, bar_opened_at: datetime, leg: int, attempt: int) -> str:
    """Return the id under which a venue knows a bot's order: the same for the same decision, however
    often it is made.

    `attempt` grows only after the venue has proved that it does not know the earlier one.
    """
    moment = bar_opened_at.astimezone(UTC).isoformat()
    digest = hashlib.sha256(f"{bot_id}|{moment}|{leg}|{attempt}".encode()).digest()
    return base64.b32encode(digest[:16]).decode().rstrip("=")


def manual_client_order_id(order_id: UUID) -> str:
    """Return the client order id of an order that a person placed without naming one."""
    return base64.b32encode(order_id.bytes).decode().rstrip("=")
