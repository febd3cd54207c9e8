"""Requests of second factors for the test of the matrix."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator

from shared_apps.core.context import platform_context
from tests.access.samples import prepare, sample
from tests.access.world import Persona, World


@prepare
def _factors(world: World) -> None:
    """An app for everybody who is somebody."""
    for (host, key), persona in world.people.items():
        if persona.user is None or key == "stranger":
            continue
        with platform_context():
            row = Authenticator.objects.create(
                user=persona.user, type="totp", data={"secret": "", "last_counter": 0}
            )
        world.things[f"{host} factor", key] = row.pk


def _own(world: World, persona: Persona) -> Any:
    return world.things.get((f"{persona.host} factor", persona.key)) or _others(world, persona)


def _others(world: World, persona: Persona) -> Any:
    return world.things["tenant factor", "bystander"]


_API = "/api/v1/auth/mfa"
sample(f"both GET {_API}/")
sample(f"both DELETE {_API}/{{factor_id}}/", own=_own, other=_others, sees="factors.view_factor")
sample(f"both POST {_API}/totp/setup/", may=frozenset({409}))
sample(f"both POST {_API}/totp/", f"both POST {_API}/webauthn/", body={"name": "x"})
sample(f"both POST {_API}/recovery-codes/", f"both POST {_API}/webauthn/options/")
sample(f"both POST {_API}/webauthn/login/options/")
sample(f"both POST {_API}/webauthn/login/", body={"ceremony": "x", "credential": {}})
sample(f"both POST {_API}/authenticate/", body={"challenge_token": "x", "code": "1"})
sample(f"both POST {_API}/confirm/options/", f"both POST {_API}/confirm/", body={"code": "1"})

sample(
    "platform POST /api/v1/users/{user_id}/reset-factors/",
    other=lambda world, persona: world.bystander.user.pk, body={"reason": "seen in person"},
    sees="users.view_user",
)  # fmt: skip

sample("both GET /security/", "both GET /security/passkeys/add/", "both POST /security/passkeys/add/")
sample("both GET /security/totp/")
sample("both POST /security/totp/", may=frozenset({403}))  # without a signed set-up
sample("both GET /security/recovery-codes/", "both POST /security/recovery-codes/")
sample("both GET /security/factors/{factor_id}/remove/", params={"factor_id": 1})
sample("both POST /security/factors/{factor_id}/remove/", own=_own, other=_others, sees="factors.view_factor")
sample("both GET /security/confirm/", "both POST /security/confirm/")
sample("both GET /login/second/", "both POST /login/second/", to_login=True)
sample("both GET /login/passkey/", "both POST /login/passkey/", to_login=True)
