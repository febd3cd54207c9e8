"""Requests of the organisations' API and pages for the test of the matrix."""

from __future__ import annotations

from typing import Any

from shared_apps.access.actors import load_actor
from shared_apps.core.context import platform_context
from shared_apps.tenants.models import Tenant
from shared_apps.users import handover
from tests.access.samples import example, sample
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


def _suspended(world: World, persona: Persona) -> None:
    with platform_context():
        Tenant.objects.filter(pk=world.elsewhere.pk).update(state="suspended", is_active=False)


def _handed_over(world: World, persona: Persona) -> dict[str, str]:
    assert persona.user is not None and persona.tokens is not None
    actor = load_actor(persona.user, world.tenant).by("token", persona.tokens.session.pk)
    return {"token": handover.issue(actor, source=world.tenant, target=world.tenant)}


example(
    "platform PUT /api/v1/tenants/{pk}/",
    body={"name": "Acme Trading Club", "slug": "acme", "description": "Cards"},
)
example("platform POST /api/v1/tenants/{pk}/reactivate/", params=_another, before=_suspended,
        body={"reason": "The invoice was paid."}, who="superadmin")  # fmt: skip
example(
    "platform POST /api/v1/tenants/sign-up/", who="anonymous",
    body={"name": "Card Club", "slug": "card-club", "email": "nora@example.com", "password": "Quiet-Harbour-71",
          "first_name": "Nora"},
)  # fmt: skip
example("tenant POST /api/v1/organisations/enter/", before=_handed_over, body={}, who="buyer",
        shown={"token": "(of the hand-over)"})  # fmt: skip
