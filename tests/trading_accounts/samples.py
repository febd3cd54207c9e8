"""Requests of the trading accounts' API for the test of the matrix."""

from __future__ import annotations

from typing import Any

from tenant_apps.trading_accounts.models import TradingAccount
from tests.access.samples import prepare, sample
from tests.access.world import Persona, World


@prepare
def _accounts(world: World) -> None:
    for key, member in world.members():
        world.things["account", key] = TradingAccount.objects.create(
            member=member, venue="paper", name=f"Account of {key}", mode="netting", currency="EUR",
            is_simulated=True, status="connected",
        )  # fmt: skip


def own_account(world: World, persona: Persona) -> Any:
    return world.thing_of("account", persona).pk


def others_account(world: World, persona: Persona) -> Any:
    return world.thing_of("account", world.bystander).pk


_ACCOUNT = {"own": own_account, "other": others_account}
_ADDRESS = "/api/v1/trading/accounts"

sample("tenant GET /api/v1/trading/platforms/")
sample(f"tenant GET {_ADDRESS}/", query={"page_size": "100"}, shows=others_account)
sample(f"tenant POST {_ADDRESS}/", body={"venue": "paper", "name": "Made by the matrix", "currency": "EUR"})
sample(f"tenant GET {_ADDRESS}/{{pk}}/", **_ACCOUNT)
sample(f"tenant PATCH {_ADDRESS}/{{pk}}/", body={"settings": {}}, **_ACCOUNT)
sample(f"tenant POST {_ADDRESS}/{{pk}}/connect/", may=frozenset({409}), **_ACCOUNT)  # connected already
sample(f"tenant POST {_ADDRESS}/{{pk}}/disconnect/", body={"reason": "a test"}, **_ACCOUNT)
