"""What members forget of a person who is erased, and why they may not be able to (C29)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shared_apps.core.errors import DomainError
from shared_apps.core.events import emit
from tenant_apps.members import rules
from tenant_apps.members.events import ActivationChanged
from tenant_apps.members.models import Invitation, Member

from .people import forget, lock_owners
from .postal import forget_postal


def check_leaving(*, user_id: int) -> None:
    """Step: raise DomainError("member.last_owner") where the organisation would be left without an owner."""
    member = Member.objects.filter(user_id=user_id, is_active=True).first()
    if member is None or rules.OWNER not in member.capabilities:
        return
    if lock_owners() == [member.pk]:
        raise DomainError(
            "member.last_owner",
            _("You are the only owner of an organisation. Hand it over to somebody else first."),
            field="email",
        )


def erase_member(*, user_id: int, label: str, address: str) -> None:
    """Step: take name, address and rights from a person's row here; the row stays for what points to it."""
    member = Member.objects.select_for_update().filter(user_id=user_id).first()
    if member is None:
        return
    Invitation.objects.filter(email=member.email).update(email=address)
    forget_postal(member)
    was_active = member.is_active
    member.name, member.email, member.is_active = label, address, False
    member.capabilities, member.waiting_capabilities = [], []
    member.save(update_fields=["name", "email", "is_active", "capabilities", "waiting_capabilities"])
    if was_active:
        emit(ActivationChanged(member_id=member.pk, user_id=user_id, is_active=False))
    forget(user_id)
