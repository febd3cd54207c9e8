"""Requests of the trading accounts' API for the test of the matrix."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from shared_apps.access import objects
from shared_apps.access.actors import Actor
from shared_apps.core.context import platform_context
from shared_apps.market_data.models import Feed, Instrument
from tenant_apps.trading_accounts.models import TradingAccount
from tests.access.samples import example, prepare, sample
from tests.access.world import Persona, World
from tests.market_data.samples import SYMBOL


@prepare
def _accounts(world: World) -> None:
    for key, member in world.members():
        world.things["account", key] = TradingAccount.objects.create(
            member=member, venue="paper", name=f"Account of {key}", mode="netting", currency="EUR",
            is_simulated=True, status="connected",
        )  # fmt: skip
    world.things["account", "lent"] = TradingAccount.objects.create(
        member=world.bystander.member, venue="paper", name="Lent to everybody", mode="netting",
        currency="EUR", is_simulated=True, status="connected",
    )  # fmt: skip
    lend(world, "trading_accounts.view_account", world.things["account", "lent"])
    things = [thing for (kind, _key), thing in world.things.items() if kind == "account"]
    share_with_seller(world, "trading_accounts.view_account", things)


def own_account(world: World, persona: Persona) -> Any:
    return world.thing_of("account", persona).pk


def others_account(world: World, persona: Persona) -> Any:
    return world.thing_of("account", world.bystander).pk


def instrument_made(world: World, persona: Persona) -> None:
    """The samples' instrument is traded on a running feed."""
    with platform_context():
        instrument = Instrument.objects.get(symbol=SYMBOL)
        Feed.objects.get_or_create(
            instrument=instrument, interval="1m", defaults={"kind": Feed.Kind.REPLAY, "clock": timezone.now()}
        )


def lent(kind: str) -> Any:
    """The value for the object of a kind that the bystander has shared with everybody."""
    return lambda world, persona: world.things[kind, "lent"].pk


_ACCOUNT = {"own": own_account, "other": others_account, "shared": lent("account")}
_ADDRESS = "/api/v1/trading/accounts"

sample("tenant GET /api/v1/trading/platforms/")
sample(f"tenant GET {_ADDRESS}/", query={"page_size": "100"}, shows=others_account)
sample(f"tenant POST {_ADDRESS}/", body={"venue": "paper", "name": "Made by the matrix", "currency": "EUR"})
sample(f"tenant GET {_ADDRESS}/{{pk}}/", **_ACCOUNT)
sample(f"tenant PATCH {_ADDRESS}/{{pk}}/", body={"settings": {}}, **_ACCOUNT)
sample(f"tenant POST {_ADDRESS}/{{pk}}/connect/", may=frozenset({409}), **_ACCOUNT)  # connected already
sample(f"tenant POST {_ADDRESS}/{{pk}}/disconnect/", body={"reason": "a test"}, **_ACCOUNT)


_NIL = "00000000-0000-0000-0000-000000000000"


def lend(world: World, permission: str, thing: Any) -> None:
    """Share a thing with everybody but its owner."""
    actor = Actor.system("test", world.tenant.schema_name)
    for _key, member in world.members():
        if member.pk != thing.member_id:
            objects.share(actor=actor, permission=permission, obj=thing, recipient_user_id=member.user_id)


def share_with_seller(world: World, permission: str, things: list[Any]) -> None:
    """Give the seller a share of each thing that is not theirs, for the requests that take it back."""
    seller = world.people["tenant", "seller"].member
    for thing in things:
        if thing.member_id != seller.pk:
            actor = Actor.system("test", world.tenant.schema_name)
            objects.share(actor=actor, permission=permission, obj=thing, recipient_user_id=seller.user_id)


def _sharing(own: Any, other: Any, shared: Any) -> dict[str, Any]:
    """The values of all parameters: whose object, and the member with whom it is shared."""

    def both(find: Any) -> Any:
        def values(world: World, persona: Persona) -> dict[str, Any]:
            key = find(world, persona)
            return {"pk": key, "object_id": key, "member_id": world.people["tenant", "seller"].member.pk}

        return values

    return {"own": both(own), "other": both(other), "shared": both(shared)}


def sample_sharing(api: str, page: str, own: Any, other: Any, shared: Any, sees: str) -> None:
    """Requests of the shares of one kind of object."""
    values = _sharing(own, other, shared)
    # A share with the seller is refused by its rule (400): sellers open no such objects.
    body = {"email": "matrix-tenant-seller@example.com"}
    sample(f"tenant GET {api}/{{pk}}/shares/", f"tenant GET {api}/{{pk}}/reach/", sees=sees, **values)
    sample(f"tenant POST {api}/{{pk}}/shares/", body=body, sees=sees, **values)
    example(
        f"tenant POST {api}/{{pk}}/shares/", body={"email": "matrix-tenant-trader@example.com"}, who="owner"
    )
    sample(f"tenant DELETE {api}/{{pk}}/shares/{{member_id}}/", sees=sees, **values)
    sample(f"tenant GET {page}/{{object_id}}/sharing/", sees=sees, **values)
    removal = f"{page}/{{object_id}}/sharing/{{member_id}}/remove/"
    sample(f"tenant POST {removal}", sees=sees, **values)
    nothing = {"object_id": _NIL, "member_id": _NIL}
    sample(f"tenant GET {removal}", params=nothing)
    sample(f"tenant POST {page}/{{object_id}}/sharing/", body=body, sees=sees, **values)


sample_sharing(_ADDRESS, "/accounts", own_account, others_account, lent("account"),
               "trading_accounts.view_account")  # fmt: skip
