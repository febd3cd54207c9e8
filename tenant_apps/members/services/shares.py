"""Sharing single objects with single members."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from shared_apps.access import objects
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import get_permission, require, widest
from shared_apps.access.personas import MEMBER
from shared_apps.core.errors import DomainError, NotFoundError
from tenant_apps.members import queries
from tenant_apps.members.models import Member
from tenant_apps.members.sharing import get_shareable


@transaction.atomic(durable=True)
def share_object(*, actor: Actor, kind: str, object_id: Any, email: str) -> Member:
    """Let the member with this address see one object; sharing it again changes nothing. Returns them.

    The event is access.object_shared. Raises NotFoundError and ForbiddenError of the object, DomainError
    ``share.no_such_member``, ``share.owner`` and ``share.not_for_them`` (field ``email``).
    """
    shareable = get_shareable(kind)
    require(actor, shareable.share)
    shared = queries.get_shareable_object(actor, kind, shareable.share, object_id)
    rows = Member.objects.filter(email=email.strip().lower(), is_active=True)
    recipient: Member | None = rows.first()
    if recipient is None:
        raise DomainError("share.no_such_member", _("No member here has this address."), field="email")
    if recipient.pk == shareable.owner(shared):
        raise DomainError("share.owner", _("It is theirs already."), field="email")
    if widest(get_permission(shareable.view).cells, (*recipient.capabilities, MEMBER)) is None:
        raise DomainError(
            "share.not_for_them",
            _("What this member may do here does not include seeing such objects at all."),
            field="email",
        )
    objects.share(actor=actor, permission=shareable.view, obj=shared, recipient_user_id=recipient.user_id)
    return recipient


@transaction.atomic(durable=True)
def unshare_object(*, actor: Actor, kind: str, object_id: Any, member_id: UUID) -> None:
    """Take a share back; at the next request the member does not see the object any more.

    The event is access.object_unshared. Raises NotFoundError and ForbiddenError of the object, NotFoundError
    ``share.not_found``; the owner's own grant cannot be taken.
    """
    shareable = get_shareable(kind)
    require(actor, shareable.share)
    shared = queries.get_shareable_object(actor, kind, shareable.share, object_id)
    recipient = Member.objects.filter(pk=member_id).exclude(pk=shareable.owner(shared)).first()
    if recipient is None or not objects.unshare(
        actor=actor, permission=shareable.view, obj=shared, recipient_user_id=recipient.user_id
    ):
        raise NotFoundError("share.not_found", _("It is not shared with this member."))
