"""What happens to identities. No event holds what a person showed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class IdentityStateChanged(Event):
    """A case was submitted (``before`` empty), decided, withdrawn, or has expired."""

    name = "compliance.identity_state_changed"

    identitycase_id: UUID
    user_id: int
    before: str
    after: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class IdentityDetailsViewed(Event):
    """Somebody opened the sealed part of a case (F99)."""

    name = "compliance.identity_details_viewed"

    identitycase_id: UUID
    user_id: int
    what: str


@dataclass(frozen=True, kw_only=True)
class IdentityDocumentsErased(Event):
    """The documents of a case that ended are gone for good."""

    name = "compliance.identity_documents_erased"

    identitycase_id: UUID
    user_id: int
