from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenant_apps.trading.rules.orders import (
    InvalidOrder,
    OrderFault,
    bot_client_order_id,
    manual_client_order_id,
    validate_order,
)
from tenant_apps.trading_accounts.venues.base import OrderType, Side, TimeInForce
from tenant_apps.trading_accounts.venues.paper.venue import CAPABILITIES
from tests.trading.factories import COIN, ETH_BTC, START

GOOD = {"side": "buy", "order_type": "market", "quantity": "1.5", "client_order_id": "ABC123"}


def faults(**changes: object) -> dict[str, OrderFault]:
    with pytest.raises(InvalidOrder) as caught:
        validate_order({**GOOD, **changes}, spec=COIN, capabilities=CAPABILITIES)
    return {fault.field: fault.rule for fault in caught.value.faults}


@pytest.mark.req("S1-21", "S1-23")
def test_a_good_order_comes_back_typed() -> None:
    order = validate_order(GOOD, spec=COIN, capabilities=CAPABILITIES)
    assert (order.side, order.order_type, order.time_in_force) == (
        Side.BUY,
        OrderType.MARKET,
        TimeInForce.GTC,
    )
    assert (order.quantity, order.lots, order.client_order_id) == (Decimal("1.5"), 15, "ABC123")


@pytest.mark.req("S1-23")
@pytest.mark.parametrize(
    ("quantity", "rule"),
    [
        ("0", OrderFault.NOT_POSITIVE),
        ("-0.0", OrderFault.NOT_POSITIVE),
        ("-1", OrderFault.NOT_POSITIVE),
        ("NaN", OrderFault.NOT_FINITE),
        ("sNaN", OrderFault.NOT_FINITE),
        ("Infinity", OrderFault.NOT_FINITE),
        ("-Infinity", OrderFault.NOT_FINITE),
        ("1e400", OrderFault.TOO_LARGE),
        ("1e-400", OrderFault.NOT_ON_STEP),
        ("0.05", OrderFault.NOT_ON_STEP),
        ("1.55", OrderFault.NOT_ON_STEP),
        ("", OrderFault.REQUIRED),
        (None, OrderFault.REQUIRED),
        ("ten", OrderFault.NOT_A_NUMBER),
        ("1\x00", OrderFault.NOT_A_NUMBER),
        (1.5, OrderFault.NOT_A_NUMBER),
        (True, OrderFault.NOT_A_NUMBER),
        ([1], OrderFault.NOT_A_NUMBER),
    ],
)
def test_a_quantity_that_breaks_a_rule_is_named_with_it(quantity: object, rule: OrderFault) -> None:
    assert faults(quantity=quantity) == {"quantity": rule}


@pytest.mark.req("S1-23")
@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("side", "hold", OrderFault.NOT_A_CHOICE),
        ("side", None, OrderFault.REQUIRED),
        ("order_type", "iceberg", OrderFault.NOT_A_CHOICE),
        ("order_type", "trailing", OrderFault.NOT_SUPPORTED),
        ("time_in_force", "fok", OrderFault.NOT_SUPPORTED),
        ("client_order_id", "A" * 27, OrderFault.BAD_FORMAT),
        ("client_order_id", "a b", OrderFault.BAD_FORMAT),
        ("client_order_id", "", OrderFault.BAD_FORMAT),
    ],
)
def test_every_other_field_too(field: str, value: object, rule: OrderFault) -> None:
    assert faults(**{field: value}) == {field: rule}


def test_all_faults_come_at_once() -> None:
    assert set(faults(side="x", quantity="0", client_order_id="!")) == {"side", "quantity", "client_order_id"}


@given(st.integers(min_value=1, max_value=10**15))
def test_any_whole_number_of_lots_is_valid_and_exact(lots: int) -> None:
    quantity = ETH_BTC.quantity(lots)
    order = validate_order({**GOOD, "quantity": f"{quantity:f}"}, spec=ETH_BTC, capabilities=CAPABILITIES)
    assert order.lots == lots


@given(st.text(max_size=20) | st.decimals(allow_nan=True, allow_infinity=True))
def test_whatever_is_typed_is_either_valid_or_a_fault(quantity: object) -> None:
    try:
        order = validate_order({**GOOD, "quantity": quantity}, spec=COIN, capabilities=CAPABILITIES)
    except InvalidOrder as error:
        assert [fault.field for fault in error.faults] == ["quantity"]
    else:
        assert order.lots > 0
        assert COIN.quantity(order.lots) == order.quantity


@pytest.mark.req("F54")
@given(bot=st.uuids(), minute=st.integers(0, 10**6), leg=st.integers(0, 5), attempt=st.integers(0, 5))
def test_a_bots_client_order_id_is_stable_short_and_alphanumeric(
    bot: UUID, minute: int, leg: int, attempt: int
) -> None:
    moment = START + timedelta(minutes=minute)
    first = bot_client_order_id(bot_id=bot, bar_opened_at=moment, leg=leg, attempt=attempt)
    assert first == bot_client_order_id(bot_id=bot, bar_opened_at=moment, leg=leg, attempt=attempt)
    assert re.fullmatch(r"[A-Z2-7]{26}", first)
    others = {
        bot_client_order_id(bot_id=bot, bar_opened_at=moment, leg=leg, attempt=attempt + 1),
        bot_client_order_id(bot_id=bot, bar_opened_at=moment, leg=leg + 1, attempt=attempt),
        bot_client_order_id(
            bot_id=bot, bar_opened_at=moment + timedelta(minutes=1), leg=leg, attempt=attempt
        ),
    }
    assert first not in others
    assert len(others) == 3


@given(st.uuids())
def test_a_manual_client_order_id_fits_every_venue(order_id: UUID) -> None:
    assert re.fullmatch(r"[A-Z2-7]{26}", manual_client_order_id(order_id))
