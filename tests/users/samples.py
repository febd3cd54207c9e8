"""Requests of the identity API and its pages for the test of the matrix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from shared_apps.core.context import platform_context
from shared_apps.users.models import ApiToken
from tests.access.samples import also, prepare, sample
from tests.access.world import Persona, World


def _a_person(world: World, persona: Persona) -> Any:
    return world.bystander.user.pk


def _refresh(world: World, persona: Persona, _value: Any) -> dict[str, str]:
    """A refresh token that holds on this host, whoever asks."""
    holder = world.people[persona.host, "plain" if persona.host == "tenant" else "subscriber"]
    return {"refresh": holder.tokens.refresh}


def _own_session(world: World, persona: Persona) -> Any:
    return persona.tokens.session.pk if persona.tokens else world.bystander.tokens.session.pk


def _others_session(world: World, persona: Persona) -> Any:
    return world.bystander.tokens.session.pk


@prepare
def _tokens(world: World) -> None:
    """A token for everybody who is somebody."""
    for (host, key), persona in world.people.items():
        if persona.user is None or key == "stranger":
            continue
        with platform_context():
            token = ApiToken.objects.create(
                user=persona.user,
                tenant=world.tenant if host == "tenant" else None,
                name="x",
                prefix="thp_x",
                digest=f"{host} {key}",
                scopes=[],
                expires_at=timezone.now() + timedelta(days=1),
            )
        world.things[f"{host} token", key] = token.pk


def _own_token(world: World, persona: Persona) -> Any:
    return world.things.get((f"{persona.host} token", persona.key)) or _others_token(world, persona)


def _others_token(world: World, persona: Persona) -> Any:
    return world.things["tenant token", "bystander"]


sample("both POST /api/v1/auth/login/", body={"email": "nobody@example.com", "password": "x"})
sample("both POST /api/v1/auth/logout/", body=_refresh)
sample("both POST /api/v1/auth/token/refresh/", body=_refresh)
sample("both POST /api/v1/auth/password/change/", body={"old_password": "wrong"})
sample("both POST /api/v1/auth/password/reset/", body={"email": "nobody@example.com"})
sample("both POST /api/v1/auth/password/reset/confirm/", body={"email": "x"})
sample("both POST /api/v1/auth/registration/", body={"email": "x"})
sample("both POST /api/v1/auth/registration/verify-email/", body={"email": "a@b.example.com"})
sample("both POST /api/v1/auth/registration/resend-email/", body={"email": "nobody@example.com"})
sample("both GET /api/v1/auth/user/")
sample("both PATCH /api/v1/auth/user/", body={"bio": "x"})
sample("both GET /api/v1/auth/sessions/")
sample("both DELETE /api/v1/auth/sessions/")
sample(
    "both DELETE /api/v1/auth/sessions/{session_id}/",
    own=_own_session, other=_others_session, sees="users.view_self",
)  # fmt: skip
sample("both POST /api/v1/auth/email/change/", body={"email": "a@new.example.com", "password": "wrong"})
sample("both POST /api/v1/auth/email/change/confirm/", body={"otp": "123456"})
sample("both POST /api/v1/auth/email/prove/", may=frozenset({409}))
sample("both POST /api/v1/auth/email/change/undo/", body={"token": "x"}, may=frozenset({403}))
sample("both GET /api/v1/auth/user/avatar/", may=frozenset({404}))
sample("both PUT /api/v1/auth/user/avatar/", may=frozenset({415}))
sample("both DELETE /api/v1/auth/user/avatar/")
sample("both GET /api/v1/auth/user/exports/")
# Who lives by a credential that was not proved just now is asked for a proof (403): its own tests.
sample("both POST /api/v1/auth/user/exports/")
sample(
    "both GET /api/v1/auth/user/exports/{export_id}/",
    params={"export_id": uuid4()}, may=frozenset({404}),
)  # fmt: skip
sample("both POST /api/v1/auth/user/erase/", body={"email": "other@example.com"})
sample("both GET /api/v1/devices/")
sample("both POST /api/v1/devices/", body={"push_token": "token-of-a-phone"}, may=frozenset({404}))
sample("both DELETE /api/v1/devices/{session_id}/", params={"session_id": uuid4()}, may=frozenset({404}))
sample("both POST /api/v1/auth/ws-ticket/")
sample("both GET /api/v1/auth/api-tokens/", "both GET /api/v1/auth/api-tokens/scopes/")
sample("both POST /api/v1/auth/api-tokens/", body={"name": "x", "scopes": ["users:write"]})
sample(
    "both DELETE /api/v1/auth/api-tokens/{token_id}/",
    own=_own_token, other=_others_token, sees="users.view_api_token",
)  # fmt: skip
sample("both GET /security/tokens/", "both POST /security/tokens/")
sample("both GET /security/tokens/{token_id}/revoke/", params={"token_id": uuid4()})
sample(
    "both POST /security/tokens/{token_id}/revoke/",
    own=_own_token, other=_others_token, sees="users.view_api_token",
)  # fmt: skip
sample("platform GET /api/v1/users/", shows=lambda world, persona: world.bystander.user.email)
sample("platform POST /api/v1/users/", body={"email": "made@example.com"})
sample("platform GET /api/v1/users/{pk}/", other=_a_person)
sample(
    "platform PATCH /api/v1/users/{pk}/", other=_a_person, body={"bio": "changed"}, needs="users.view_user"
)

sample("both GET /login/", "both POST /login/", "tenant GET /register/", "tenant POST /register/")
sample("both GET /logout/", "both POST /logout/", to_login=True)
sample("both GET /register/confirm/", "both POST /register/confirm/")
sample("both GET /register/resend/", "both POST /register/resend/")
sample("both GET /password/reset/", "both POST /password/reset/")
sample("both GET /password/reset/confirm/", "both POST /password/reset/confirm/")

sample("both GET /account/", "both GET /account/email/", "both GET /account/password/")
sample("both POST /account/", body={"bio": "changed", "account_type": "particulier", "theme": "dark"})
sample("both GET /account/avatar/", may=frozenset({404}))
sample("both POST /account/avatar/", body={"remove": "1"})
sample("both POST /account/email/", body={"email": "a@new.example.com", "password": "wrong"})
sample("both GET /account/email/confirm/")
sample("both POST /account/email/confirm/", body={"otp": "123456"})
sample("both GET /account/email/resend/", "both POST /account/email/resend/")
sample("both GET /account/email/prove/", "both POST /account/email/prove/")
sample("both GET /account/email/undo/")
sample("both POST /account/email/undo/", body={"token": "x"}, may=frozenset({403}))
sample("both POST /account/password/", body={"old_password": "wrong"})
sample("both GET /account/data/", "both POST /account/data/")
sample("both GET /account/data/{export_id}/", params={"export_id": uuid4()}, may=frozenset({404}))
sample("both GET /account/erase/")
sample("both POST /account/erase/", body={"email": "other@example.com"})
sample("both GET /account/devices/")
sample("both GET /account/devices/end/", "both POST /account/devices/end/")
sample("both GET /account/devices/{session_id}/end/", params={"session_id": uuid4()})
sample("both POST /account/devices/{session_id}/end/", params={"session_id": uuid4()}, may=frozenset({404}))

also("platform PATCH /api/v1/users/{pk}/", "role", other=_a_person, body={"role": "admin"},
     acts="users.change_role", needs="users.view_user")  # fmt: skip
also("platform PATCH /api/v1/users/{pk}/", "activation", other=_a_person, body={"is_active": False},
     acts="users.deactivate_user", needs="users.view_user")  # fmt: skip
