"""Requests of the trading API for the test of the matrix."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tenant_apps.trading.models import Execution, Order, Position
from tests.access.samples import prepare, sample
from tests.access.world import Persona, World
from tests.trading_accounts.samples import lent, others_account, own_account

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
