"""Requests of the members' API and pages for the test of the matrix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from tenant_apps.members import tokens
from tenant_apps.members.models import Invitation, JoinLink
from tests.access.samples import prepare, sample
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

TOKEN = "matrix-invitation"
LINK_TOKEN = "matrix-join-link"


@prepare
def _invitations(world: World) -> None:
    """One of each, by the owner: to leaders and auditors they are visible, to nobody else."""
    owner = world.people["tenant", "owner"].member
    later = timezone.now() + timedelta(days=1)
    world.things["invitation", "bystander"] = Invitation.objects.create(
        email="matrix-invited@example.com",
        token_hash=tokens.hash_of(TOKEN),
        invited_by=owner,
        expires_at=later,
    )
    world.things["join link", "bystander"] = JoinLink.objects.create(
        label="Matrix join link",
        token_hash=tokens.hash_of(LINK_TOKEN),
        max_uses=3,
        created_by=owner,
        expires_at=later,
    )


def _invitation(world: World, persona: Persona) -> Any:
    return world.thing_of("invitation", persona).pk


def _join_link(world: World, persona: Persona) -> Any:
    return world.thing_of("join link", persona).pk


def _invited(world: World, persona: Persona) -> str:
    return "matrix-invited@example.com"


_ACCOUNT = {"first_name": "Matrix", "password": "Quiet-Harbour-71"}
_LATER = (timezone.now() + timedelta(days=2)).isoformat()
_MAY = frozenset({403})  # the token is somebody else's to who is signed in

sample("tenant GET /api/v1/members/{pk}/requirements/", **_MEMBER)
sample("tenant GET /api/v1/invitations/", shows=_invited)
sample("tenant POST /api/v1/invitations/", body={"email": "made@example.com", "capabilities": ["buyer"]})
sample("tenant POST /api/v1/invitations/import/", body={}, may=frozenset({415}))  # JSON is no CSV
sample("tenant POST /api/v1/invitations/preview/", body={"token": TOKEN})
sample("tenant POST /api/v1/invitations/accept/", body={"token": TOKEN, **_ACCOUNT}, may=_MAY)
sample("tenant GET /api/v1/invitations/{pk}/", other=_invitation)
sample("tenant POST /api/v1/invitations/{pk}/resend/", other=_invitation)
sample("tenant POST /api/v1/invitations/{pk}/withdraw/", other=_invitation)
sample("tenant GET /api/v1/join-links/", shows=lambda world, persona: "Matrix join link")
sample(
    "tenant POST /api/v1/join-links/",
    body={"label": "Made", "capabilities": ["buyer"], "max_uses": 2, "expires_at": _LATER},
)
sample("tenant POST /api/v1/join-links/ask/", body={"token": LINK_TOKEN, "email": "asks@example.com"})
sample("tenant GET /api/v1/join-links/{pk}/", other=_join_link)
sample("tenant POST /api/v1/join-links/{pk}/revoke/", other=_join_link)
sample("tenant GET /invitations/", shows=_invited)
sample("tenant POST /invitations/", body={"email": "made@example.com", "capabilities": "buyer"})
sample("tenant GET /invitations/import/", "tenant GET /invitations/links/")
sample("tenant POST /invitations/import/", body={"take": "all"})
sample("tenant POST /invitations/links/", body={"label": "Made", "max_uses": "2", "days": "2"})
for _what in ("resend", "withdraw"):
    _path = f"/invitations/{{invitation_id}}/{_what}/"
    sample(f"tenant GET {_path}", f"tenant POST {_path}", other=_invitation)
_path = "/invitations/links/{join_link_id}/revoke/"
sample(f"tenant GET {_path}", f"tenant POST {_path}", other=_join_link)
sample("tenant GET /invitation/", query={"token": TOKEN})
sample("tenant POST /invitation/", body={"token": TOKEN, **_ACCOUNT}, may=_MAY)
sample("tenant GET /invitation/ask/", query={"token": LINK_TOKEN})
sample("tenant POST /invitation/ask/", body={"token": LINK_TOKEN, "email": "asks@example.com"})
