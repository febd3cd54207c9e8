"""Requests of the trading API for the test of the matrix."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from shared_apps.core.context import tenant_context
from tenant_apps.trading.models import Execution, Order, Position
from tests.access.samples import example, prepare, sample
from tests.access.world import Persona, World
from tests.market_data.samples import SYMBOL
from tests.trading_accounts.samples import instrument_made, lent, others_account, own_account

_CONFLICT = frozenset({409, 422})  # allowed, but nothing to do: the order is filled, the position flat


@prepare
def _orders(world: World) -> None:
    for key in [*(key for key, _member in world.members()), "lent"]:
        account = world.things["account", key]
        fill = {"symbol": "ETH-BTC", "side": "buy", "quantity": 1}
        order = Order.objects.create(
            trading_account=account, order_type="market", time_in_force="gtc", client_order_id=f"m{key}"[:26],
            **fill,
        )  # fmt: skip
        world.things["order", key] = order
        world.things["execution", key] = Execution.objects.create(
            order=order, trading_account=account, venue_execution_id=f"e{key}", price=1, fee=0,
            fee_currency="BTC", realised=0, currency="BTC", executed_at=timezone.now(), **fill,
        )  # fmt: skip
        world.things["position", key] = Position.objects.create(
            trading_account=account, key="ETH-BTC", symbol="ETH-BTC", currency="BTC", quantity=1, cost=1
        )


def _object(kind: str) -> dict[str, Any]:
    return {
        "own": lambda world, persona: world.thing_of(kind, persona).pk,
        "other": lambda world, persona: world.thing_of(kind, world.bystander).pk,
    }


def _lent_too(kind: str) -> dict[str, Any]:
    return {**_object(kind), "shared": lent(kind)}


def _order_on(world: World, persona: Persona, account: Any) -> dict[str, Any]:
    return {"trading_account": account, "symbol": "ETH-BTC", "side": "buy", "quantity": "1"}


_LIST = {"query": {"page_size": "100"}}

sample("tenant GET /api/v1/trading/orders/", shows=_object("order")["other"], **_LIST)
sample(
    "tenant POST /api/v1/trading/orders/", own=own_account, other=others_account, shared=lent("account"), body=_order_on,
    sees="trading_accounts.view_account",
)  # fmt: skip
sample("tenant GET /api/v1/trading/orders/{pk}/", **_object("order"))
sample("tenant POST /api/v1/trading/orders/{pk}/cancel/", body={}, may=_CONFLICT, **_lent_too("order"))
sample("tenant GET /api/v1/trading/executions/", shows=_object("execution")["other"], **_LIST)
sample("tenant GET /api/v1/trading/executions/{pk}/", **_object("execution"))
sample("tenant GET /api/v1/trading/positions/", shows=_object("position")["other"], **_LIST)
sample("tenant GET /api/v1/trading/positions/{pk}/", **_object("position"))
sample("tenant POST /api/v1/trading/positions/{pk}/close/", body={}, may=_CONFLICT, **_lent_too("position"))


def _at_the_venue(world: World, persona: Persona) -> dict[str, Any]:
    with tenant_context(world.tenant):
        order = world.thing_of("order", persona)
        Order.objects.filter(pk=order.pk).update(status="accepted", venue_order_id="v1")
    return {}


example("tenant POST /api/v1/trading/orders/", before=instrument_made, body=lambda world, persona, value: {
    "trading_account": own_account(world, persona), "symbol": SYMBOL, "side": "buy", "quantity": "1.5"},
    who="trader")  # fmt: skip
example("tenant POST /api/v1/trading/orders/{pk}/cancel/", before=_at_the_venue,
        body={"reason": "The plan has changed."}, who="trader")  # fmt: skip
