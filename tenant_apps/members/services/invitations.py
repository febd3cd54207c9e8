"""Inviting people: one, many from a file, again, and not after all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from billing.subscriptions import meters
from billing.subscriptions.rules.limits import Meter
from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import StepUpRequired, require_recent
from shared_apps.core.background import enqueue
from shared_apps.core.context import SchemaRef, current_tenant
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.core.ids import uuid7
from tenant_apps.members import options, rules, tokens
from tenant_apps.members.events import InvitationSentAgain, InvitationWithdrawn, MemberInvited
from tenant_apps.members.models import Capability, Invitation, JoinLink, Member

from .people import in_order, refuse_outside_transaction

TOKEN_PURPOSE = "invitation"  # noqa: S105 - what the token is for


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a file of invitations, by its number in the file (the first is 1)."""

    number: int
    email: str
    capabilities: tuple[str, ...]
    #: What is wrong with the line's form, found while it was read; "" when it can be read.
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LineError:
    """Why a line of a file was not taken."""

    line: int
    field: str
    message: str


@dataclass(slots=True)
class Imported:
    """What became of a file."""

    invited: list[Invitation] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)
    #: Lines read, the heading left out.
    lines: int = 0


@transaction.atomic(durable=True)
def invite_member(*, actor: Actor, email: str, capabilities: Iterable[str], origin: str) -> Invitation:
    """Invite an address with capabilities that the actor may give; the mail goes out after the commit.

    ``origin`` is the scheme and host that the link leads to. An invitation that expired is replaced. Raises
    DomainError ``invitation.email_invalid`` (field ``email``), ``member.unknown_capability``,
    ``invitation.too_many``; ConflictError ``invitation.already_member``, ``invitation.pending``;
    ForbiddenError ``member.owner_by_owner``.
    """
    require(actor, "members.invite_member")
    inviter = inviter_of(actor)
    _require_room(1)
    return _invite(actor, inviter, email, capabilities, origin)


def import_invitations(*, actor: Actor, lines: Iterable[Line], take_good_ones: bool, origin: str) -> Imported:
    """Invite everybody in a file: all of them or, with ``take_good_ones``, those whose lines are right.

    Every line is judged, whichever is chosen; where one is wrong and all were wanted, nothing is written.
    Raises DomainError ``invitation.file_too_long``.
    """
    require(actor, "members.invite_member")
    try:
        with transaction.atomic(durable=True):
            result = _import(actor, lines, origin)
            if result.errors and not take_good_ones:
                raise _NothingTaken(result)
    except _NothingTaken as refused:
        refused.result.invited.clear()
        return refused.result
    return result


class _NothingTaken(Exception):
    """Rolls a file's invitations back."""

    def __init__(self, result: Imported) -> None:
        super().__init__("lines are wrong")
        self.result = result


def _import(actor: Actor, lines: Iterable[Line], origin: str) -> Imported:
    inviter, result = inviter_of(actor), Imported()
    limit, seen = options.CSV_LINES.value(), dict[str, int]()
    for line in lines:
        result.lines += 1
        if result.lines > limit:
            raise DomainError(
                "invitation.file_too_long",
                _("A file may hold at most %(limit)d lines.") % {"limit": limit},
                field="file",
            )
        if error := _judge(actor, inviter, line, seen, origin, result):
            result.errors.append(error)
    _require_room(0)
    return result


def _judge(
    actor: Actor, inviter: Member, line: Line, seen: dict[str, int], origin: str, result: Imported
) -> LineError | None:
    """Take a line, or say why not. A line that the database refuses costs no more than itself."""
    if line.problem:
        return LineError(line.number, "", line.problem)
    address = line.email.strip().lower()
    if first := seen.get(address):
        text = _("The same address as in line %(line)d.") % {"line": first}
        return LineError(line.number, "email", text)
    seen[address] = line.number
    try:
        result.invited.append(_invite(actor, inviter, line.email, line.capabilities, origin))
    except StepUpRequired:
        raise
    except DomainError as error:
        return LineError(line.number, next(iter(error.details), ""), error.message)
    return None


@transaction.atomic(durable=True)
def resend_invitation(*, actor: Actor, invitation_id: UUID, origin: str) -> Invitation:
    """Send an invitation again, for another full time; the link that went out before becomes void.

    Raises NotFoundError, ConflictError ``invitation.closed`` for an accepted or a withdrawn one.
    """
    require(actor, "members.invite_member")
    invitation = _lock_open(invitation_id)
    refuse_ungrantable(actor, invitation.capabilities)
    require_proof_for_leaders(actor, invitation.capabilities)
    invitation.generation += 1
    invitation.token_hash = tokens.hash_of(
        tokens.make_token(TOKEN_PURPOSE, invitation.pk, invitation.generation)
    )
    invitation.expires_at = timezone.now() + options.INVITATION_LIFETIME.value()
    invitation.invited_by = inviter_of(actor)
    invitation.save(update_fields=["generation", "token_hash", "expires_at", "invited_by"])
    emit(InvitationSentAgain(invitation_id=invitation.pk, email=invitation.email))
    send(invitation, origin)
    return invitation


@transaction.atomic(durable=True)
def withdraw_invitation(*, actor: Actor, invitation_id: UUID) -> Invitation:
    """Make an invitation void. Raises NotFoundError, ConflictError ``invitation.closed``."""
    require(actor, "members.invite_member")
    invitation = _lock_open(invitation_id)
    refuse_ungrantable(actor, invitation.capabilities)
    withdraw(invitation)
    return invitation


def withdraw(invitation: Invitation) -> None:
    """Step: make a locked, open invitation void."""
    refuse_outside_transaction()
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    emit(InvitationWithdrawn(invitation_id=invitation.pk, email=invitation.email))


def write_invitation(
    *,
    inviter: Member,
    email: str,
    capabilities: Sequence[str],
    origin: str,
    join_link: JoinLink | None = None,
) -> Invitation:
    """Step: the row, its event and its mail. The address is clean and the capabilities are grantable."""
    refuse_outside_transaction()
    row_id = uuid7()
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                id=row_id,
                email=email,
                capabilities=list(capabilities),
                token_hash=tokens.hash_of(tokens.make_token(TOKEN_PURPOSE, row_id, 1)),
                language=translation.get_language() or "en",
                invited_by=inviter,
                join_link=join_link,
                expires_at=timezone.now() + options.INVITATION_LIFETIME.value(),
            )
    except IntegrityError as error:
        raise _pending() from error
    emit(MemberInvited(invitation_id=row_id, email=email, capabilities=list(capabilities)))
    send(invitation, origin)
    return invitation


def open_invitation_of(email: str) -> Invitation | None:
    """The address's invitation that waits for an answer; one that expired is withdrawn and gives None."""
    refuse_outside_transaction()
    open_ones = Invitation.objects.filter(email=email, accepted_at=None, withdrawn_at=None)
    invitation = open_ones.select_for_update().first()
    if invitation is not None and invitation.state == rules.EXPIRED:
        withdraw(invitation)
        return None
    return invitation


def _invite(
    actor: Actor, inviter: Member, email: str, capabilities: Iterable[str], origin: str
) -> Invitation:
    address, wanted = clean_address(email), in_order(capabilities)
    refuse_ungrantable(actor, wanted)
    require_proof_for_leaders(actor, wanted)
    if Member.objects.filter(email=address).exists():
        raise ConflictError("invitation.already_member", _("This person is a member already."), field="email")
    if open_invitation_of(address) is not None:
        raise _pending()
    return write_invitation(inviter=inviter, email=address, capabilities=wanted, origin=origin)


def clean_address(email: str) -> str:
    """An e-mail address in lower case. Raises DomainError ``invitation.email_invalid``."""
    address = email.strip().lower()
    try:
        if len(address) > 254:
            raise ValidationError("too long")
        validate_email(address)
    except ValidationError as error:
        raise DomainError(
            "invitation.email_invalid", _("Enter a valid e-mail address."), field="email"
        ) from error
    return address


def _pending() -> ConflictError:
    return ConflictError(
        "invitation.pending",
        _("This address has been invited already; send the invitation again instead."),
        field="email",
    )


def inviter_of(actor: Actor) -> Member:
    """The member in whose name the actor invites. Raises ForbiddenError for anybody else."""
    if actor.member_id is None:
        raise ForbiddenError("invitation.by_members", _("Only a member can invite."))
    return Member.objects.get(pk=actor.member_id)


def refuse_ungrantable(actor: Actor, capabilities: Sequence[str]) -> None:
    """Raise ForbiddenError (field ``capabilities``) for what the actor may not give."""
    if forbidden := rules.ungrantable(actor.capabilities, [], capabilities):
        labels = ", ".join(str(Capability(name).label) for name in forbidden)
        raise ForbiddenError(
            "member.owner_by_owner",
            _("You may not give this: %(names)s.") % {"names": labels},
            field="capabilities",
        )


def require_proof_for_leaders(actor: Actor, capabilities: Sequence[str]) -> None:
    """Whoever makes owners and administrators proves who they are again. Raises StepUpRequired."""
    if rules.may_invite(capabilities):
        require_recent(actor)


def _require_room(more: int) -> None:
    limit = options.OPEN_INVITATIONS.value()
    if Invitation.objects.filter(accepted_at=None, withdrawn_at=None).count() + more > limit:
        raise DomainError(
            "invitation.too_many",
            _("At most %(limit)d invitations may wait for an answer; withdraw some first.")
            % {"limit": limit},
        )
    tenant = current_tenant()
    if tenant is not None:
        require_places(tenant, more)


def require_places(tenant: SchemaRef, more: int) -> None:
    """Raise ForbiddenError ``quota.exceeded`` where the plan has no place for so many more people; those who
    are invited count."""
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now())
    there_are = Member.objects.filter(is_active=True).count() + waiting.count()
    meters.require_room(tenant, Meter.MEMBERS, there_are=there_are, more=more)


def _lock_open(invitation_id: UUID) -> Invitation:
    rows = Invitation.objects.select_for_update()
    invitation: Invitation | None = rows.filter(pk=invitation_id).first()
    if invitation is None:
        raise NotFoundError("invitation.not_found", _("There is no such invitation."))
    if invitation.state in (rules.ACCEPTED, rules.WITHDRAWN):
        raise ConflictError("invitation.closed", _("This invitation was accepted or withdrawn before."))
    return invitation


def send(invitation: Invitation, origin: str) -> None:
    """Step: have the mail sent, with the same link each time within a generation."""
    enqueue(
        "members.send_invitation",
        invitation_id=invitation.pk,
        generation=invitation.generation,
        origin=origin,
    )
