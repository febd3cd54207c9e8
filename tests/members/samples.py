"""Requests of the members' API and pages for the test of the matrix."""

from __future__ import annotations

from typing import Any

from tests.access.samples import sample
from tests.access.world import Persona, World


def _oneself(world: World, persona: Persona) -> Any:
    return (persona.member or world.bystander.member).pk


def _somebody(world: World, persona: Persona) -> Any:
    return world.bystander.member.pk


def _address(world: World, persona: Persona) -> str:
    return world.bystander.member.email


_MEMBER = {"own": _oneself, "other": _somebody}

sample("tenant GET /api/v1/members/", query={"page_size": "100"}, shows=_address)
sample("tenant GET /api/v1/members/{pk}/", **_MEMBER)
sample("tenant PATCH /api/v1/members/{pk}/", body={"capabilities": ["buyer"]}, **_MEMBER)
sample("tenant POST /api/v1/members/{pk}/deactivate/", **_MEMBER)
sample("tenant POST /api/v1/members/{pk}/reactivate/", **_MEMBER)
sample("tenant GET /api/v1/roles/")
sample("tenant GET /")
sample("tenant GET /dashboard/{name}/", params={"name": "nothing"}, may=frozenset({404}))
sample("tenant GET /members/", query={"q": "matrix-tenant-bystander"}, shows=_address)
sample("tenant GET /members/{member_id}/", **_MEMBER)
sample("tenant GET /members/{member_id}/capabilities/", **_MEMBER)
sample("tenant POST /members/{member_id}/capabilities/", body={"capabilities": "buyer"}, **_MEMBER)
sample("tenant GET /members/{member_id}/activation/", **_MEMBER)
sample("tenant POST /members/{member_id}/activation/", body={"active": "0"}, **_MEMBER)
