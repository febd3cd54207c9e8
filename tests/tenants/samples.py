"""Requests of the organisations' API and pages for the test of the matrix."""

from __future__ import annotations

from typing import Any

from tests.access.samples import sample
from tests.access.world import Persona, World


def _home(world: World, persona: Persona) -> Any:
    return world.tenant.pk


def _another(world: World, persona: Persona) -> Any:
    return world.elsewhere.pk


_TENANT = {"own": _home, "other": _another, "sees": "tenants.view_tenant"}

sample(
    "platform GET /api/v1/tenants/", acts="tenants.view_tenant",
    shows=lambda world, persona: world.elsewhere.slug,
)  # fmt: skip
sample("platform POST /api/v1/tenants/", body={"name": "Made by the matrix", "slug": "matrix-made"})
sample("platform GET /api/v1/tenants/{pk}/", acts="tenants.view_tenant", **_TENANT)
sample("platform PATCH /api/v1/tenants/{pk}/", body={"description": "changed"}, **_TENANT)
sample("platform PUT /api/v1/tenants/{pk}/", body={"description": "changed"}, **_TENANT)
sample("platform POST /api/v1/tenants/{pk}/suspend/", body={"reason": "a test"}, **_TENANT)
sample("platform POST /api/v1/tenants/{pk}/reactivate/", body={"reason": "a test"}, **_TENANT)
sample("both GET /api/v1/tenants/me/", may=frozenset({404}))  # staff have no organisation
sample("platform POST /api/v1/tenants/sign-up/", body={"name": "x", "slug": "www"})
sample("platform GET /api/v1/tenants/slug-check/", query={"slug": "free"})
sample("platform GET /signup/")
sample("platform POST /signup/", body={"name": "x", "slug": "www"})
sample("platform GET /signup/check/", query={"slug": "free"})


_CHALLENGE = "c" * 43
# Nobody of the platform's host is a member of acme here; a tenant's host hands over to itself as well.
sample("both GET /api/v1/organisations/")
for _host in ("platform", "tenant"):
    sample(
        f"{_host} POST /api/v1/organisations/{{pk}}/hand-over/",
        params={"pk": "00000000-0000-0000-0000-000000000000"},
        may=frozenset({404}),
    )
sample("tenant POST /api/v1/organisations/enter/", body={"token": "x"}, may=frozenset({403}))
sample("both GET /organisations/")
sample("both GET /organisations/leave/", query={"to": "x", "challenge": _CHALLENGE}, may=frozenset({404}))
sample("tenant GET /enter/", query={"from": "platform"})
