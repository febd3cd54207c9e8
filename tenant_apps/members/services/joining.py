"""Coming in by an invitation."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.core.context import tenant_context
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.core.events import emit
from shared_apps.users.hooks import run_join_hooks
from shared_apps.users.hosts import Client, HostTenant
from shared_apps.users.models import User
from shared_apps.users.services import invited
from shared_apps.users.services.invited import NewPerson
from shared_apps.users.units import identity_unit
from tenant_apps.members import queries, rules
from tenant_apps.members.events import InvitationAccepted
from tenant_apps.members.models import Invitation, Member

from .join_links import count_use
from .people import add_member, decide

_LABEL = "members.accept_invitation"


@dataclass(frozen=True, slots=True)
class Accepted:
    """Who came in. ``is_new_account`` says that the account was made just now."""

    user: User
    member: Member
    is_new_account: bool


def accept_invitation(
    *,
    actor: Actor,
    token: str,
    tenant: HostTenant,
    client: Client,
    password: str = "",
    person: NewPerson | None = None,
) -> Accepted:
    """Let the owner of an invited address in, once, with the capabilities that the invitation names.

    The address is proved by the token, which went to it alone. Whoever has an account with it shows that
    they own the account too, by being logged in with it or by its ``password``; without an account
    ``person`` makes one. What the inviter may not give any more is left out, and what has an open
    prerequisite waits for it. Raises ForbiddenError ``invitation.invalid``, ``.expired``, ``.withdrawn``,
    ``.accepted``, ``.other_account``, ``member.shut_out``; DomainError ``auth.invalid_credentials``,
    ``auth.password_weak``, ``invitation.person_missing``.
    """
    invitation = queries.find_invitation(token)
    user = _who(actor, invitation.email, password, person, client, tenant)
    is_new = user.pk is None
    with identity_unit(_LABEL, user=None if is_new else user):
        with tenant_context(tenant):
            locked = queries.find_invitation(token, for_update=True)
            if locked.join_link_id is not None:
                count_use(locked.join_link_id)
        user = invited.enter_directory(user=user, tenant=tenant)
        with tenant_context(tenant):
            member = _let_in(locked, user, actor=Actor.system(_LABEL, tenant.schema_name))
        run_join_hooks(user, tenant)
    return Accepted(user, member, is_new)


def _who(
    actor: Actor, email: str, password: str, person: NewPerson | None, client: Client, tenant: HostTenant
) -> User:
    if actor.is_authenticated and actor.email.lower() != email:
        raise ForbiddenError(
            "invitation.other_account",
            _("This invitation is for %(email)s. Log out, and open the link again.") % {"email": email},
        )
    if invited.has_account(email):
        if actor.is_authenticated:
            return invited.account_of(email)
        return invited.owner_of_address(email=email, password=password, client=client, tenant=tenant)
    if person is None:
        raise DomainError(
            "invitation.person_missing",
            _("Say your name and choose a password."),
            details={
                "first_name": [_("This field is required.")],
                "password": [_("This field is required.")],
            },
        )
    return invited.prepare_account(email=email, person=person)


def _let_in(invitation: Invitation, user: User, *, actor: Actor) -> Member:
    member = add_member(actor=actor, user=user)
    inviter = invitation.invited_by
    # Whoever has lost the right to invite since then is not heard any more (find_invitation saw to that);
    # a leader who has lost ownership alone gives what leaders give.
    forbidden = set(rules.ungrantable(inviter.capabilities, [], invitation.capabilities))
    decide(member, add=[name for name in invitation.capabilities if name not in forbidden])
    invitation.accepted_at, invitation.accepted_by = timezone.now(), member
    invitation.save(update_fields=["accepted_at", "accepted_by"])
    emit(
        InvitationAccepted(
            invitation_id=invitation.pk,
            member_id=member.pk,
            user_id=user.pk,
            capabilities=list(member.capabilities),
        )
    )
    return member
