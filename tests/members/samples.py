"""Requests of the members' API and pages for the test of the matrix."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.utils import timezone

from shared_apps.core.context import platform_context, tenant_context
from shared_apps.users.models import User
from tenant_apps.members import tokens
from tenant_apps.members.models import Address, Invitation, JoinLink, OwnershipTransfer
from tests.access.samples import example, prepare, sample
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
_NIL = "00000000-0000-0000-0000-000000000000"
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


@prepare
def _transfers(world: World) -> None:
    """Everybody has one to themselves and one from themselves; none takes effect, as nobody gives who owns."""
    members = [member for _key, member in world.members()]
    later = timezone.now() + timedelta(days=1)
    for giver, taker in zip(members, [*members[1:], members[0]], strict=True):
        transfer = OwnershipTransfer.objects.create(from_member=giver, to_member=taker, expires_at=later)
        world.things["transfer from", str(giver.pk)] = transfer
        world.things["transfer to", str(taker.pk)] = transfer


def _transfer(side: str) -> Any:
    def find(world: World, persona: Persona) -> Any:
        member = persona.member or world.bystander.member
        return world.things[f"transfer {side}", str(member.pk)].pk

    return find


def _foreign_transfer(world: World, persona: Persona) -> Any:
    mine = (persona.member or world.bystander.member).pk
    return next(
        thing.pk
        for (kind, _key), thing in world.things.items()
        if kind == "transfer to" and mine not in (thing.from_member_id, thing.to_member_id)
    )


_SEES = {"other": _foreign_transfer, "sees": "members.view_transfer"}
_TO = {"own": _transfer("to"), **_SEES}
_FROM = {"own": _transfer("from"), **_SEES}
_STANDS_NOT = frozenset({409})
_API = "/api/v1/ownership-transfers"
sample(f"tenant GET {_API}/", shows=_foreign_transfer, query={"page_size": "100"})
sample(f"tenant POST {_API}/", body=lambda world, persona, value: {"member": world.bystander.member.pk},
       may=_STANDS_NOT)  # fmt: skip
sample(f"tenant GET {_API}/{{pk}}/", **_TO)
sample(f"tenant POST {_API}/{{pk}}/accept/", f"tenant POST {_API}/{{pk}}/decline/", may=_STANDS_NOT, **_TO)
sample(f"tenant POST {_API}/{{pk}}/withdraw/", **_FROM)
sample("tenant GET /ownership/")
sample("tenant POST /ownership/", body=lambda world, persona, value: {"member": world.bystander.member.pk})
for _what in ("accept", "decline"):
    sample(f"tenant POST /ownership/{{transfer_id}}/{_what}/", **_TO)
    sample(f"tenant GET /ownership/{{transfer_id}}/{_what}/", params={"transfer_id": _NIL})
sample("tenant POST /ownership/{transfer_id}/withdraw/", **_FROM)
sample("tenant GET /ownership/{transfer_id}/withdraw/", params={"transfer_id": _NIL})


@prepare
def _addresses(world: World) -> None:
    for key, member in world.members():
        world.things["address", key] = Address.objects.create(
            member=member, recipient=f"Of {key}", line1="1 Street", city="Paris", postal_code="75001",
            country="FR",
        )  # fmt: skip


def _own_address(world: World, persona: Persona) -> Any:
    return world.thing_of("address", persona).pk


def _an_address(world: World, persona: Persona) -> Any:
    return world.thing_of("address", world.bystander).pk


_POSTAL = {"own": _own_address, "other": _an_address}
_ADDRESS = {"recipient": "N", "line1": "1 rue", "city": "Paris", "postal_code": "75002", "country": "FR"}
sample("tenant GET /api/v1/addresses/")
sample("tenant POST /api/v1/addresses/", body=_ADDRESS)
sample("tenant GET /api/v1/addresses/{pk}/", **_POSTAL)
sample("tenant PATCH /api/v1/addresses/{pk}/", **_POSTAL, body={"label": "changed"})
sample("tenant DELETE /api/v1/addresses/{pk}/", **_POSTAL)
sample("tenant GET /api/v1/professional-info/", may=frozenset({404}))
sample("tenant PUT /api/v1/professional-info/", body={"legal_name": "N"})
sample("tenant DELETE /api/v1/professional-info/", may=frozenset({404}))
sample("tenant GET /account/addresses/", "tenant GET /account/business/")
sample("tenant POST /account/addresses/", body=_ADDRESS)
sample("tenant POST /account/business/", body={"legal_name": "N"})
sample("tenant GET /account/addresses/{address_id}/", **_POSTAL, sees="members.view_address")
sample(
    "tenant POST /account/addresses/{address_id}/",
    **_POSTAL, body={"label": "changed"}, sees="members.view_address",
)  # fmt: skip
sample("tenant GET /account/addresses/{address_id}/remove/", params={"address_id": uuid4()})
sample("tenant POST /account/addresses/{address_id}/remove/", **_POSTAL, sees="members.view_address")


def _no_transfer_waits(world: World, persona: Persona) -> dict[str, Any]:
    with tenant_context(world.tenant):
        OwnershipTransfer.objects.filter(from_member=persona.member).delete()
    return {"member": world.bystander.member.pk}


_INVITATION = "/api/v1/invitations"
example("tenant POST /api/v1/ownership-transfers/", before=_no_transfer_waits, body={}, who="owner")
example(
    "tenant PATCH /api/v1/members/{pk}/", body={"capabilities": ["trader"]}, params=_somebody, who="owner"
)
example(f"tenant POST {_INVITATION}/", body={"email": "ann@example.org", "capabilities": ["trader"]})
example(f"tenant POST {_INVITATION}/import/", body="email,capabilities\nann@example.org,trader\n")
_SHOWN = {"token": "(of the letter)"}
example(f"tenant POST {_INVITATION}/preview/", f"tenant POST {_INVITATION}/accept/", shown=_SHOWN)
example("tenant POST /api/v1/join-links/ask/", shown={"token": "(of the link)"})
example(
    "tenant POST /api/v1/join-links/", shown={"label": "Spring fair", "expires_at": "2026-12-01T00:00:00Z"}
)
example("tenant POST /api/v1/addresses/", body={
    "recipient": "Nina Neu", "line1": "12 rue de la Paix", "postal_code": "75002", "city": "Paris",
    "country": "FR", "is_default_shipping": True})  # fmt: skip
example("tenant PATCH /api/v1/addresses/{pk}/", body={"line1": "14 rue de la Paix"})


def _acts_as_a_professional(world: World, persona: Persona) -> None:
    assert persona.user is not None
    with platform_context():
        User.objects.filter(pk=persona.user.pk).update(account_type="professionnel")


example("tenant PUT /api/v1/professional-info/", before=_acts_as_a_professional, who="seller", body={
    "legal_name": "Neu Cards", "registration_number": "552 100 554 00013", "country": "FR"})  # fmt: skip
