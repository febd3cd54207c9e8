"""What members do in the background."""

from __future__ import annotations

from shared_apps.core.context import tenant_context
from shared_apps.core.tasks import platform_task, tenant_task
from shared_apps.tenants.models import Membership
from shared_apps.users.models import User

from . import mails, services
from .models import Invitation, OwnershipTransfer


@platform_task("members.copy_profile")
def copy_profile(user_id: int) -> None:
    """Bring a person's name and address into every tenant they belong to."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    memberships = Membership.objects.filter(user_id=user_id, tenant__is_active=True).select_related("tenant")
    for membership in memberships:
        with tenant_context(membership.tenant):
            services.copy_profile(user_id=user_id, name=user.display_name, email=user.email)


@platform_task("members.settle_capabilities")
def settle_capabilities(user_id: int) -> None:
    """A prerequisite of a person changed: settle what they may do, in every tenant they belong to."""
    memberships = Membership.objects.filter(user_id=user_id, tenant__is_active=True).select_related("tenant")
    for membership in memberships:
        with tenant_context(membership.tenant):
            services.settle_capabilities(user_id=user_id)


@tenant_task("members.send_invitation")
def send_invitation(invitation_id: str, generation: int, origin: str) -> None:
    """Mail an invitation, unless it was sent again, accepted or withdrawn meanwhile."""
    waiting = Invitation.objects.filter(
        pk=invitation_id, generation=generation, accepted_at=None, withdrawn_at=None
    )
    if invitation := waiting.select_related("invited_by").first():
        mails.send_invitation(invitation, origin)


@tenant_task("members.tell_member_already")
def tell_member_already(email: str, origin: str) -> None:
    """Somebody asked for an invitation to the address of a member: tell that member."""
    mails.send_member_already(email, origin)


@tenant_task("members.tell_proposed_owner")
def tell_proposed_owner(transfer_id: str, origin: str) -> None:
    """Mail the member who is to become the owner, while the proposal stands."""
    rows = OwnershipTransfer.objects.select_related("from_member", "to_member")
    transfer = rows.filter(pk=transfer_id).first()
    if transfer is not None and transfer.state == "pending":
        mails.send_ownership_proposed(transfer, origin)
