"""Requests of the organisation's own log-in for the test of the matrix."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache

from shared_apps.core.context import platform_context
from shared_apps.sso.models import IdentityProvider
from tests.access.samples import example, prepare, sample
from tests.access.world import World
from tests.sso.provider import running_provider


@prepare
def _provider(world: World) -> None:
    """A provider that is switched off."""
    with platform_context():
        IdentityProvider.objects.create(
            tenant=world.tenant, name="x", issuer="http://127.0.0.1:9", client_id="x", client_secret="",
            is_active=False,
        )  # fmt: skip


sample("tenant GET /api/v1/identity-provider/", "tenant DELETE /api/v1/identity-provider/")
sample("tenant PUT /api/v1/identity-provider/", body={"name": "x"})
sample("tenant GET /login/sso/", may=frozenset({404}))  # no active provider
sample("tenant GET /login/sso/callback/", to_login=True)
sample("tenant GET /settings/sign-in/", "tenant POST /settings/sign-in/")
sample("tenant GET /settings/sign-in/remove/", "tenant POST /settings/sign-in/remove/")


_OPEN = ExitStack()  # until the process ends


@cache
def _provider_at() -> str:
    """The address of a provider over a socket."""
    return str(_OPEN.enter_context(running_provider()).issuer)


example(
    "tenant PUT /api/v1/identity-provider/", before=lambda world, persona: {"issuer": _provider_at()},
    body={"name": "Company log-in", "client_id": "tradehall", "client_secret": "given by the provider",
          "is_active": False},
    shown={"issuer": "https://login.example.com"},
)  # fmt: skip
