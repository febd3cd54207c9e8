"""Reads of members; every function takes the actor, and gives what that actor may see."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import Relation, get_permission, widest
from shared_apps.access.objects import grants_on
from shared_apps.access.personas import ANYONE, MEMBER
from shared_apps.access.scoping import get_for, scope
from shared_apps.core.context import SchemaRef, platform_context, tenant_context
from shared_apps.core.errors import ForbiddenError
from shared_apps.tenants.models import Membership

from . import rules, tokens
from .models import Address, Capability, Invitation, JoinLink, Member, OwnershipTransfer, ProfessionalInfo
from .sharing import get_shareable


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


def visible_invitations(actor: Actor) -> QuerySet[Invitation]:
    """All invitations, for leaders and auditors."""
    rows = Invitation.objects.select_related("invited_by", "join_link")
    return scope(rows, actor, "members.view_invitation")


def visible_join_links(actor: Actor) -> QuerySet[JoinLink]:
    """All join links, for leaders and auditors."""
    return scope(JoinLink.objects.select_related("created_by"), actor, "members.view_invitation")


def visible_transfers(actor: Actor) -> QuerySet[OwnershipTransfer]:
    """Proposals to hand ownership over: owners and auditors see all, others what was proposed to them."""
    rows = OwnershipTransfer.objects.select_related("from_member", "to_member")
    return scope(rows, actor, "members.view_transfer", own=_of_transfer(actor))


def get_transfer(actor: Actor, transfer_id: UUID, permission: str) -> OwnershipTransfer:
    """A proposal to act on, locked. The giver may withdraw, the taker answer, nobody else anything.

    Raises NotFoundError (not visible) or ForbiddenError (not theirs to act on).
    """
    side = "from_member_id" if permission == "members.propose_transfer" else "to_member_id"
    transfer: OwnershipTransfer = get_for(
        actor,
        OwnershipTransfer.objects.select_related("from_member", "to_member"),
        "members.view_transfer",
        permission,
        transfer_id,
        own=_of_transfer(actor),
        own_act=Q(**{side: actor.member_id}),
        for_update=True,
    )
    return transfer


def _of_transfer(actor: Actor) -> Q:
    return Q(to_member_id=actor.member_id) | Q(from_member_id=actor.member_id)


def in_state(rows: QuerySet[Invitation], state: str) -> QuerySet[Invitation]:
    """The invitations that are in one of ``rules.INVITATION_STATES`` now."""
    waiting, now = Q(accepted_at=None, withdrawn_at=None), timezone.now()
    conditions = {
        rules.PENDING: waiting & Q(expires_at__gt=now),
        rules.EXPIRED: waiting & Q(expires_at__lte=now),
        rules.ACCEPTED: Q(accepted_at__isnull=False),
        rules.WITHDRAWN: Q(accepted_at=None, withdrawn_at__isnull=False),
    }
    return rows.filter(conditions[state])


def find_invitation(token: str, *, for_update: bool = False) -> Invitation:
    """The invitation of a link, if it may be accepted now. Raises ForbiddenError saying why not.

    One whose inviter may not invite any more counts as withdrawn.
    """
    rows = Invitation.objects.select_related("invited_by")
    if for_update:
        rows = rows.select_for_update(of=("self",))
    invitation: Invitation | None = rows.filter(token_hash=tokens.hash_of(token)).first()
    texts = {
        "invalid": _("This link is not valid here. A newer mail may hold another one."),
        rules.EXPIRED: _("This invitation has expired. Ask for another one."),
        rules.WITHDRAWN: _("This invitation was withdrawn."),
        rules.ACCEPTED: _("This invitation was accepted before. Log in with your account."),
    }
    state = "invalid" if invitation is None else invitation.state
    if invitation is not None and state == rules.PENDING:
        inviter = invitation.invited_by
        if inviter.is_active and rules.may_invite(inviter.capabilities):
            return invitation
        state = rules.WITHDRAWN
    raise ForbiddenError(f"invitation.{state}", texts[state])


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


def get_shareable_object(actor: Actor, kind: str, permission: str, object_id: Any) -> Any:
    """An object of a shareable kind to act on. Raises NotFoundError or ForbiddenError."""
    shareable = get_shareable(kind)
    rows = shareable.model._default_manager.all()
    return get_for(actor, rows, shareable.view, permission, object_id, own=shareable.own(actor))


def shares_of(actor: Actor, kind: str, object_id: Any) -> list[Member]:
    """With whom an object is shared, by name; its owner is not among them."""
    shareable = get_shareable(kind)
    obj = get_shareable_object(actor, kind, shareable.see_shares, object_id)
    users = {grant.user_id for grant in grants_on(obj) if grant.permission == shareable.view}
    rows = Member.objects.filter(user_id__in=users, is_active=True).exclude(pk=shareable.owner(obj))
    return list(rows.order_by("name", "id"))


def reach_of(actor: Actor, kind: str, object_id: Any) -> list[Reach]:
    """Everybody who can see an object of a shareable kind, and why."""
    shareable = get_shareable(kind)
    obj = get_shareable_object(actor, kind, shareable.see_shares, object_id)
    owner = Member.objects.filter(pk=shareable.owner(obj)).values_list("user_id", flat=True)
    return who_can(shareable.view, obj, owner_user_ids=list(owner))


def who_can(permission: str, obj: Model, *, owner_user_ids: Collection[int] = ()) -> list[Reach]:
    """Everybody who has ``permission`` on one object now: by capability, as its owner, or by a share.

    ``owner_user_ids`` are the users to whom the object belongs. The caller was given the object to see its
    shares; two statements whatever the number of members.
    """
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
        elif user_id in shared and relation is not None:
            found.append(Reach(member_id, name, "shared"))
    return found


def own_addresses(actor: Actor) -> QuerySet[Address]:
    """The actor's own addresses, the defaults first."""
    return scope(Address.objects.all(), actor, "members.view_address", own=Q(member_id=actor.member_id))


def get_address_for_update(actor: Actor, address_id: UUID, permission: str) -> Address:
    """An address to act on, locked. Raises NotFoundError for what is none of the actor's."""
    address: Address = get_for(
        actor,
        Address.objects.all(),
        "members.view_address",
        permission,
        address_id,
        own=Q(member_id=actor.member_id),
        for_update=True,
    )
    return address


def own_business(actor: Actor) -> ProfessionalInfo | None:
    """The business that the actor acts for, if one is written down."""
    rows: QuerySet[ProfessionalInfo] = scope(
        ProfessionalInfo.objects.all(), actor, "members.view_business", own=Q(member_id=actor.member_id)
    )
    return rows.first()


def owners_of(tenant: SchemaRef) -> list[int]:
    """Ids of the users who own a tenant, suspended or not; opens it by itself."""
    with tenant_context(tenant):
        rows = Member.objects.filter(capabilities__contains=[Capability.OWNER], is_active=True)
        return list(rows.order_by("pk").values_list("user_id", flat=True))
