"""What happens to members."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class MemberAdded(Event):
    name = "members.member_added"

    member_id: UUID
    user_id: int
    capabilities: list[str]


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Event):
    """Audit action ``role_changed``."""

    name = "members.role_changed"

    member_id: UUID
    user_id: int
    before: list[str]
    after: list[str]


@dataclass(frozen=True, kw_only=True)
class ActivationChanged(Event):
    """Audit action ``activation_changed``."""

    name = "members.activation_changed"

    member_id: UUID
    user_id: int
    is_active: bool


@dataclass(frozen=True, kw_only=True)
class MemberInvited(Event):
    name = "members.member_invited"

    invitation_id: UUID
    email: str
    capabilities: list[str]


@dataclass(frozen=True, kw_only=True)
class InvitationSentAgain(Event):
    name = "members.invitation_sent_again"

    invitation_id: UUID
    email: str


@dataclass(frozen=True, kw_only=True)
class InvitationWithdrawn(Event):
    name = "members.invitation_withdrawn"

    invitation_id: UUID
    email: str


@dataclass(frozen=True, kw_only=True)
class InvitationAccepted(Event):
    name = "members.invitation_accepted"

    invitation_id: UUID
    member_id: UUID
    user_id: int
    capabilities: list[str]


@dataclass(frozen=True, kw_only=True)
class JoinLinkCreated(Event):
    name = "members.join_link_created"

    join_link_id: UUID
    capabilities: list[str]
    max_uses: int


@dataclass(frozen=True, kw_only=True)
class JoinLinkRevoked(Event):
    name = "members.join_link_revoked"

    join_link_id: UUID


@dataclass(frozen=True, kw_only=True)
class JoinLinkUsed(Event):
    """Somebody asked for an invitation by a join link."""

    name = "members.join_link_used"

    join_link_id: UUID
    invitation_id: UUID


@dataclass(frozen=True, kw_only=True)
class OwnershipProposed(Event):
    name = "members.ownership_proposed"

    ownershiptransfer_id: UUID
    member_id: UUID
    user_id: int


@dataclass(frozen=True, kw_only=True)
class OwnershipTransferred(Event):
    name = "members.ownership_transferred"

    ownershiptransfer_id: UUID
    from_user_id: int
    user_id: int


@dataclass(frozen=True, kw_only=True)
class OwnershipNotTransferred(Event):
    """A proposal ended without effect: ``declined`` or ``withdrawn``."""

    name = "members.ownership_not_transferred"

    ownershiptransfer_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class AddressAdded(Event):
    name = "members.address_added"

    address_id: UUID
    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class AddressChanged(Event):
    name = "members.address_changed"

    address_id: UUID
    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class AddressRemoved(Event):
    name = "members.address_removed"

    address_id: UUID
    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class BusinessChanged(Event):
    name = "members.business_changed"

    member_id: UUID


@dataclass(frozen=True, kw_only=True)
class BusinessRemoved(Event):
    name = "members.business_removed"

    member_id: UUID
