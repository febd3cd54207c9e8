"""Requests of the bots' API for the test of the matrix."""

from __future__ import annotations

from typing import Any

from shared_apps.core.context import tenant_context
from tenant_apps.bots.models import Bot, StrategyVersion
from tests.access.samples import example, prepare, sample
from tests.access.world import Persona, World
from tests.market_data.samples import SYMBOL
from tests.trading_accounts.samples import (
    instrument_made,
    lend,
    lent,
    others_account,
    own_account,
    sample_sharing,
    share_with_seller,
)

_CONFLICT = frozenset({409, 422})  # allowed, but the bot is not in that state


@prepare
def _bots(world: World) -> None:
    version = StrategyVersion.objects.create(
        strategy="sma_cross", code_version=1, params={"fast": 3, "slow": 8}, params_hash="0" * 64
    )
    for key, member in world.members():
        world.things["bot", key] = Bot.objects.create(
            member=member, trading_account=world.things["account", key], strategy_version=version,
            name=f"Bot of {key}", symbol="ETH-BTC", interval="1m", status="stopped",
        )  # fmt: skip
    world.things["bot", "lent"] = Bot.objects.create(
        member=world.bystander.member, trading_account=world.things["account", "lent"],
        strategy_version=version, name="Lent to everybody", symbol="ETH-BTC", interval="1m", status="stopped",
    )  # fmt: skip
    lend(world, "bots.view_bot", world.things["bot", "lent"])
    things = [thing for (kind, _key), thing in world.things.items() if kind == "bot"]
    share_with_seller(world, "bots.view_bot", things)


def _own(world: World, persona: Persona) -> Any:
    return world.thing_of("bot", persona).pk


def _others(world: World, persona: Persona) -> Any:
    return world.thing_of("bot", world.bystander).pk


def _bot_on(world: World, persona: Persona, account: Any) -> dict[str, Any]:
    return {
        "name": "Made by the matrix", "trading_account": account, "symbol": "ETH-BTC", "interval": "1m",
        "strategy": "sma_cross", "params": {"fast": 3, "slow": 8},
    }  # fmt: skip


_BOT = {"own": _own, "other": _others, "shared": lent("bot")}

sample("tenant GET /api/v1/bots/strategies/")
sample("tenant GET /api/v1/bots/statistics/")
sample("tenant GET /api/v1/bots/", query={"page_size": "100"}, shows=_others)
sample(
    "tenant POST /api/v1/bots/", own=own_account, other=others_account, shared=lent("account"), body=_bot_on,
    acts="trading.place_order", sees="trading_accounts.view_account",
)  # fmt: skip
sample("tenant GET /api/v1/bots/{pk}/", **_BOT)
sample("tenant GET /api/v1/bots/{bot_id}/decisions/", **_BOT)
sample("tenant GET /api/v1/bots/{bot_id}/events/", **_BOT)
sample("tenant POST /api/v1/bots/{pk}/start/", may=_CONFLICT, **_BOT)
sample("tenant POST /api/v1/bots/{pk}/pause/", body={}, may=_CONFLICT, **_BOT)
sample("tenant POST /api/v1/bots/{pk}/stop/", body={}, may=_CONFLICT, **_BOT)
sample(
    "tenant POST /api/v1/bots/{pk}/switch-strategy/",
    body={"strategy": "sma_cross", "params": {"fast": 3, "slow": 8}}, may=_CONFLICT, **_BOT,
)  # fmt: skip
sample_sharing("/api/v1/bots", "/bots", _own, _others, lent("bot"), "bots.view_bot")


def _runs(world: World, persona: Persona) -> dict[str, Any]:
    with tenant_context(world.tenant):
        Bot.objects.filter(pk=_own(world, persona)).update(status="running")
    return {}


def _on_the_instrument(world: World, persona: Persona) -> None:
    instrument_made(world, persona)
    with tenant_context(world.tenant):
        Bot.objects.filter(pk=_own(world, persona)).update(symbol=SYMBOL)


def _a_bot(world: World, persona: Persona, value: Any) -> dict[str, Any]:
    params = {"fast": 5, "slow": 20, "quantity": "1"}
    return _bot_on(world, persona, own_account(world, persona)) | {
        "name": "Crosser", "symbol": SYMBOL, "params": params
    }  # fmt: skip


example("tenant POST /api/v1/bots/", before=instrument_made, body=_a_bot, who="trader")
_WHY = {"reason": "The weekend."}
example("tenant POST /api/v1/bots/{pk}/pause/", "tenant POST /api/v1/bots/{pk}/stop/", before=_runs, body=_WHY,
        who="trader")  # fmt: skip
example("tenant POST /api/v1/bots/{pk}/switch-strategy/", before=_on_the_instrument, who="trader",
        body={"strategy": "sma_cross", "params": {"fast": 3, "slow": 8, "quantity": "1"}})  # fmt: skip
