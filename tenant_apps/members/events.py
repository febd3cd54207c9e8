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
