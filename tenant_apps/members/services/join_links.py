"""Join links: a leader publishes one, whoever has it asks for an invitation to their own address.

The invitation goes to the address by mail like any other, so the link alone lets nobody in and proves
nothing about an address; a use is counted when a person comes in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core.background import enqueue
from shared_apps.core.context import audit_context
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.core.ids import uuid7
from tenant_apps.members import options, rules, tokens
from tenant_apps.members.events import JoinLinkCreated, JoinLinkRevoked, JoinLinkUsed
from tenant_apps.members.models import JoinLink, Member

from .invitations import (
    clean_address,
    inviter_of,
    open_invitation_of,
    refuse_ungrantable,
    require_proof_for_leaders,
    send,
    write_invitation,
)
from .people import in_order

TOKEN_PURPOSE = "join-link"  # noqa: S105 - what the token is for


@transaction.atomic(durable=True)
def create_join_link(
    *, actor: Actor, label: str, capabilities: Iterable[str], max_uses: int, expires_at: datetime
) -> tuple[JoinLink, str]:
    """A new join link and its token, which is shown this once.

    Raises DomainError ``join_link.label_invalid`` (field ``label``), ``join_link.max_uses``,
    ``join_link.expires_at``; ForbiddenError ``member.owner_by_owner``.
    """
    require(actor, "members.invite_member")
    wanted, now = in_order(capabilities), timezone.now()
    refuse_ungrantable(actor, wanted)
    require_proof_for_leaders(actor, wanted)
    if rules.OWNER in wanted:
        raise ForbiddenError(
            "join_link.no_owners", _("Nobody becomes an owner by a join link."), field="capabilities"
        )
    label = label.strip()
    if not label or len(label) > 100 or "\0" in label:
        raise DomainError("join_link.label_invalid", _("Give a name of 1 to 100 characters."), field="label")
    limit = options.JOIN_LINK_USES.value()
    if not 1 <= max_uses <= limit:
        raise DomainError(
            "join_link.max_uses",
            _("A join link lets in 1 to %(limit)d people.") % {"limit": limit},
            field="max_uses",
        )
    longest = options.JOIN_LINK_LIFETIME.value()
    if not now < expires_at <= now + longest:
        raise DomainError(
            "join_link.expires_at",
            _("A join link ends in the future, at most %(days)d days from now.") % {"days": longest.days},
            field="expires_at",
        )
    row_id = uuid7()
    token = tokens.make_token(TOKEN_PURPOSE, row_id, 1)
    link = JoinLink.objects.create(
        id=row_id,
        label=label,
        token_hash=tokens.hash_of(token),
        capabilities=wanted,
        max_uses=max_uses,
        created_by=inviter_of(actor),
        created_at=now,
        expires_at=expires_at,
    )
    emit(JoinLinkCreated(join_link_id=row_id, capabilities=wanted, max_uses=max_uses))
    return link, token


@transaction.atomic(durable=True)
def revoke_join_link(*, actor: Actor, join_link_id: UUID) -> JoinLink:
    """Close a join link; invitations that people asked for by it and have not accepted become void.

    Raises NotFoundError, ConflictError ``join_link.revoked``.
    """
    require(actor, "members.invite_member")
    rows = JoinLink.objects.select_for_update()
    link: JoinLink | None = rows.filter(pk=join_link_id).first()
    if link is None:
        raise NotFoundError("join_link.not_found", _("There is no such join link."))
    if link.revoked_at is not None:
        raise ConflictError("join_link.revoked", _("This join link was closed before."))
    link.revoked_at = timezone.now()
    link.save(update_fields=["revoked_at"])
    emit(JoinLinkRevoked(join_link_id=link.pk))
    return link


def ask_by_join_link(*, token: str, email: str, origin: str) -> None:
    """Have an invitation sent to an address; the answer is the same whoever the address belongs to.

    A member is told by mail that they are one. Raises ForbiddenError for a link that lets nobody in any
    more, DomainError ``invitation.email_invalid``.
    """
    with audit_context(actor_label="members.ask_by_join_link"), transaction.atomic(durable=True):
        link = find_join_link(token)
        address = clean_address(email)
        if Member.objects.filter(email=address).exists():
            enqueue("members.tell_member_already", email=address, origin=origin)
            return
        waiting = open_invitation_of(address)
        if waiting is not None:
            send(waiting, origin)
            return
        invitation = write_invitation(
            inviter=link.created_by,
            email=address,
            capabilities=link.capabilities,
            origin=origin,
            join_link=link,
        )
        emit(JoinLinkUsed(join_link_id=link.pk, invitation_id=invitation.pk))


def find_join_link(token: str) -> JoinLink:
    """The join link of a token, if it still lets people in. Raises ForbiddenError saying why not."""
    rows = JoinLink.objects.select_related("created_by")
    link: JoinLink | None = rows.filter(token_hash=tokens.hash_of(token)).first()
    if link is None:
        raise ForbiddenError("join_link.invalid", _("This link is not valid here."))
    refuse_closed(link)
    return link


def refuse_closed(link: JoinLink) -> None:
    """Raise ForbiddenError where a join link lets nobody in any more."""
    texts = {
        "revoked": _("This link was closed. Ask whoever gave it to you."),
        "expired": _("This link has expired. Ask whoever gave it to you."),
        "used_up": _("This link has let in as many people as it may."),
    }
    problem = "" if link.state == "active" else link.state
    if not problem and not (link.created_by.is_active and rules.may_invite(link.created_by.capabilities)):
        problem = "revoked"
    if problem:
        raise ForbiddenError(f"join_link.{problem}", texts[problem])


def count_use(join_link_id: UUID) -> None:
    """Step: one more person came in by a link. Raises ForbiddenError when it is closed or full."""
    link = JoinLink.objects.select_related("created_by").select_for_update(of=("self",)).get(pk=join_link_id)
    refuse_closed(link)
    JoinLink.objects.filter(pk=link.pk).update(uses=F("uses") + 1)
