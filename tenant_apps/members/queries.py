"""Reads of members; every function takes the actor, and gives what that actor may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import Relation, get_permission, require, widest
from shared_apps.access.objects import grants_on
from shared_apps.access.personas import ANYONE, MEMBER
from shared_apps.access.scoping import get_for, scope
from shared_apps.core.context import SchemaRef, platform_context, tenant_context
from shared_apps.tenants.models import Membership

from .models import Member


def visible_members(actor: Actor) -> QuerySet[Member]:
    """All members for leaders and auditors, oneself for everybody else."""
    return scope(Member.objects.all(), actor, "members.view_member", own=Q(pk=actor.member_id))


def get_member(actor: Actor, member_id: UUID, permission: str, *, for_update: bool = False) -> Member:
    """A member to act on. Raises NotFoundError (not visible) or ForbiddenError (out of reach)."""
    member: Member = get_for(
        actor,
        Member.objects.all(),
        "members.view_member",
        permission,
        member_id,
        own=Q(pk=actor.member_id),
        for_update=for_update,
    )
    return member


def load_member(user_id: int, tenant: SchemaRef) -> Actor | None:
    """The actor that a person is inside a tenant; None unless user, membership and member are active."""
    with platform_context():
        belongs = Membership.objects.filter(
            user_id=user_id, user__is_active=True, tenant__schema_name=tenant.schema_name, is_active=True
        ).exists()
    if not belongs:
        return None
    with tenant_context(tenant):
        rows = Member.objects.filter(user_id=user_id, is_active=True)
        row = rows.values_list("id", "name", "email", "capabilities").first()
    if row is None:
        return None
    member_id, name, email, capabilities = row
    return Actor(
        user_id=user_id,
        email=email,
        name=name,
        tenant_schema=tenant.schema_name,
        member_id=member_id,
        capabilities=frozenset(capabilities),
    )


@dataclass(frozen=True, slots=True)
class Reach:
    """One person who has a permission on one object, and why (a capability, ``own`` or ``shared``)."""

    member_id: UUID
    name: str
    why: str


def who_can(
    actor: Actor, permission: str, obj: Model, *, owner_user_ids: Collection[int] = ()
) -> list[Reach]:
    """Everybody who has ``permission`` on one object now: by capability, as its owner, or by a share.

    ``owner_user_ids`` are the users to whom the object belongs. Needs ``members.view_grant``; three
    statements whatever the number of members.
    """
    require(actor, "members.view_grant")
    cells = get_permission(permission).cells
    everybody = widest(cells, (ANYONE, MEMBER))
    shared = {grant.user_id for grant in grants_on(obj) if grant.permission == permission}
    found: list[Reach] = []
    rows = Member.objects.filter(is_active=True).order_by("name", "id")
    for member_id, user_id, name, capabilities in rows.values_list("id", "user_id", "name", "capabilities"):
        wide = [each for each in capabilities if cells.get(each, Relation.OWN) > Relation.OWN]
        relation = widest(cells, (*capabilities, ANYONE, MEMBER))
        if wide:
            found.append(Reach(member_id, name, min(wide)))
        elif everybody is not None and everybody > Relation.OWN:
            found.append(Reach(member_id, name, "member"))
        elif relation is not None and user_id in owner_user_ids:
            found.append(Reach(member_id, name, "own"))
        elif user_id in shared:
            found.append(Reach(member_id, name, "shared"))
    return found
