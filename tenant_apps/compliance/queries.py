"""Reads of identity cases; what is sealed is opened by services, which log it."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from shared_apps.access.actors import Actor
from shared_apps.access.scoping import get_for, scope
from tenant_apps.members.capabilities import MissingStep
from tenant_apps.members.models import Member

from .models import IdentityCase
from .options import SELLERS_ARE_KNOWN


def _own(actor: Actor) -> Q:
    return Q(member_id=actor.member_id)


def visible_cases(actor: Actor) -> QuerySet[IdentityCase]:
    """One's own; all of the tenant's for those who decide."""
    return scope(
        IdentityCase.objects.select_related("member"), actor, "compliance.view_case", own=_own(actor)
    )


def get_case(actor: Actor, case_id: UUID, permission: str, *, for_update: bool = False) -> IdentityCase:
    """A case to act on. Raises NotFoundError or ForbiddenError."""
    case: IdentityCase = get_for(
        actor,
        IdentityCase.objects.all() if for_update else IdentityCase.objects.select_related("member"),
        "compliance.view_case",
        permission,
        case_id,
        own=_own(actor),
        for_update=for_update,
    )
    return case


def own_cases(actor: Actor) -> QuerySet[IdentityCase]:
    """The actor's own cases, newest first."""
    return visible_cases(actor).filter(_own(actor))


def is_known(member: Member, today: date | None = None) -> bool:
    """Whether a member's identity is approved today."""
    day = today or timezone.now().date()
    return IdentityCase.objects.filter(
        member=member, state=IdentityCase.State.APPROVED, valid_until__gte=day
    ).exists()


def missing_identity(member: Member) -> MissingStep | None:
    """The step before selling for whoever is not known yet, where the organisation asks for it."""
    if not SELLERS_ARE_KNOWN.value() or is_known(member):
        return None
    return MissingStep("identity", _("a checked identity"), "/identity/")
