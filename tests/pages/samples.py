"""Requests of the pages of trading and to-dos for the test of the matrix."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tenant_apps.bots.models import Bot, Decision, StrategyVersion
from tenant_apps.trading.models import Order, Position
from tenant_apps.trading_accounts.models import TradingAccount
from tests.access.samples import prepare, sample
from tests.access.world import Persona, World

_BAR = datetime(2025, 1, 6, tzinfo=UTC)


@prepare
def _trading(world: World) -> None:
    version = StrategyVersion.objects.create(
        strategy="sma_cross", code_version=1, params={"fast": 2, "slow": 3}, params_hash="matrix-pages"
    )
    for key, member in world.members():
        account = TradingAccount.objects.create(
            member=member, venue="paper", name=f"Pages of {key}", mode="netting", currency="EUR"
        )
        order = Order.objects.create(
            trading_account=account, symbol="NONE-EUR", side="buy", order_type="market",
            time_in_force="gtc", quantity=1, status="queued", client_order_id="PAGES",
        )  # fmt: skip
        bot = Bot.objects.create(
            member=member, trading_account=account, strategy_version=version,
            name=f"Pages of {key}", symbol="NONE-EUR", interval="1m",
        )  # fmt: skip
        decision = Decision.objects.create(
            bot=bot, strategy_version=version, bar_opened_at=_BAR, rule="warm_up",
            inputs={"bars": 1}, thresholds={"needed": 4}, sentence="Warming up.", inputs_hash="0" * 64,
            verdict="no_trade", order_ids=[order.pk],
        )  # fmt: skip
        position = Position.objects.create(
            trading_account=account, key="NONE-EUR", symbol="NONE-EUR", currency="EUR", quantity=Decimal(0)
        )
        things = {"account": account, "order": order, "bot": bot, "decision": decision, "position": position}
        for kind, thing in things.items():
            world.things[f"page_{kind}", key] = thing


def _both(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "own": lambda world, persona: world.thing_of(f"page_{kind}", persona).pk,
        "other": lambda world, persona: world.thing_of(f"page_{kind}", world.bystander).pk,
        **more,
    }


def _of_bot(kind: str, parameter: str) -> dict[str, Any]:
    def params(world: World, persona: Persona) -> dict[str, Any]:
        return {
            "bot_id": world.thing_of("page_bot", persona).pk,
            parameter: world.thing_of(f"page_{kind}", persona).pk,
        }

    return {"own": params, "other": lambda world, persona: params(world, world.bystander)}


def _name(world: World, persona: Persona) -> str:
    return "Pages of bystander"


_SEES_ACCOUNT = {"sees": "trading_accounts.view_account"}
_REVIEW = {"step": "review", "side": "buy", "symbol": "NONE-EUR", "quantity": "1"}

sample("tenant GET /accounts/", shows=_name)
sample("tenant GET /accounts/new/", "tenant POST /accounts/new/")
sample("tenant GET /accounts/{account_id}/", "tenant GET /accounts/{account_id}/live/", **_both("account"))
sample("tenant GET /accounts/{account_id}/ticket/", **_both("account", **_SEES_ACCOUNT))
sample("tenant POST /accounts/{account_id}/ticket/", body=_REVIEW, **_both("account", **_SEES_ACCOUNT))
sample(
    "tenant GET /orders/{order_id}/cancel/", "tenant POST /orders/{order_id}/cancel/",
    **_both("order", sees="trading.view_order"),
)  # fmt: skip
sample(
    "tenant GET /positions/{position_id}/close/", "tenant POST /positions/{position_id}/close/",
    **_both("position", sees="trading.view_position"),
)  # fmt: skip
sample("tenant GET /quotes/", query={"symbol": "NOPE"}, may=frozenset({404}))
sample("tenant GET /bots/", shows=_name)
sample("tenant GET /bots/new/", "tenant POST /bots/new/")
sample("tenant GET /bots/{bot_id}/", "tenant GET /bots/{bot_id}/live/", **_both("bot"))
for _action in ("start", "pause", "stop"):
    sample(
        f"tenant GET /bots/{{bot_id}}/{_action}/", f"tenant POST /bots/{{bot_id}}/{_action}/",
        **_both("bot", sees="bots.view_bot"),
    )  # fmt: skip
sample("tenant GET /bots/{bot_id}/decisions/{decision_id}/", **_of_bot("decision", "decision_id"))
sample("tenant GET /bots/{bot_id}/orders/{order_id}/why/", **_of_bot("order", "order_id"))


def _todo(world: World, persona: Persona) -> Any:
    return world.thing_of("todo", persona).pk


_TODO = {
    "own": _todo,
    "other": lambda world, persona: _todo(world, world.bystander),
    "sees": "todos.view_todo",
}

sample("tenant GET /todos/", shows=lambda world, persona: "Of bystander")
sample("tenant POST /todos/", body={"title": "Made by the matrix"})
sample("tenant GET /todos/{todo_id}/tick/", "tenant GET /todos/{todo_id}/delete/", **_TODO)
sample("tenant POST /todos/{todo_id}/tick/", body={"done": "1"}, **_TODO)
sample("tenant POST /todos/{todo_id}/delete/", **_TODO)
