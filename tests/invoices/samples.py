"""Requests of invoices for the test of the matrix: on a tenant's host what it sold, on the platform's its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from tests.access.samples import prepare, sample
from tests.access.world import Persona, World
from tests.invoices.selling import ANNA, sell


@prepare
def _invoices(world: World) -> None:
    for key, member in world.members():
        buyer = replace(ANNA, user_id=member.user_id)
        world.things["sale", key] = sell(world.tenant, f"matrix:{key}", buyer=buyer)
    for key, tenant in (("tenant_owner", world.tenant), ("bystander", world.elsewhere)):
        buyer = replace(ANNA, tenant=tenant)
        world.things["platform_sale", key] = sell(None, f"matrix:{key}", buyer=buyer)


def _kind(persona: Persona) -> str:
    return "platform_sale" if persona.host == "platform" else "sale"


def _own(world: World, persona: Persona) -> Any:
    return world.thing_of(_kind(persona), persona).pk


def _others(world: World, persona: Persona) -> Any:
    return world.things[_kind(persona), "bystander"].pk


def _page(found: Any) -> Any:
    return lambda world, persona: {"invoice_id": found(world, persona)}


_ONE = {"own": _own, "other": _others, "sees": "invoices.view_invoice"}
_ONE_PAGE = {"own": _page(_own), "other": _page(_others), "sees": "invoices.view_invoice"}

sample("both GET /api/v1/invoices/", shows=_others)
sample("both GET /api/v1/invoices/{pk}/", "both GET /api/v1/invoices/{pk}/pdf/", **_ONE)
sample("both POST /api/v1/invoices/{pk}/credit/", body={"reason": "A test"}, **_ONE)
sample("both GET /invoices/", shows=_others)
sample("both GET /invoices/{invoice_id}/", "both GET /invoices/{invoice_id}/pdf/", **_ONE_PAGE)
sample("both GET /invoices/{invoice_id}/credit/", **_ONE_PAGE)
sample(
    "both POST /invoices/{invoice_id}/credit/",
    body=lambda world, persona, value: {"reason": "A test", "key": str(uuid4())},
    **_ONE_PAGE,
)
