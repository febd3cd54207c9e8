"""What happens to people and their sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class UserLoggedIn(Event):
    name = "users.logged_in"

    user_id: int
    session_id: UUID
    kind: str


@dataclass(frozen=True, kw_only=True)
class LoginFailed(Event):
    """Told at most once a minute for the same name from the same address. Nobody's typing error is kept:
    ``user_id`` is set where the name exists, and nothing else says what was typed."""

    name = "users.login_failed"

    user_id: int | None


@dataclass(frozen=True, kw_only=True)
class SessionRevoked(Event):
    name = "users.session_revoked"

    user_id: int
    session_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class DeviceRegistered(Event):
    """A session's device gets push messages now."""

    name = "users.device_registered"

    user_id: int
    session_id: UUID


@dataclass(frozen=True, kw_only=True)
class DeviceForgotten(Event):
    name = "users.device_forgotten"

    user_id: int
    session_id: UUID


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Event):
    name = "users.password_changed"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class PasswordReset(Event):
    name = "users.password_reset"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class UserRegistered(Event):
    name = "users.registered"

    user_id: int
    email: str


@dataclass(frozen=True, kw_only=True)
class MemberJoined(Event):
    """A person who already had an account became a member here."""

    name = "users.member_joined"

    user_id: int
    email: str


@dataclass(frozen=True, kw_only=True)
class EmailVerified(Event):
    """A code came back from the person's mailbox: the address is theirs."""

    name = "users.email_verified"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class EmailChanged(Event):
    name = "users.email_changed"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class EmailChangeUndone(Event):
    """The old address took the account back; ``changed_at`` is when it was changed."""

    name = "users.email_change_undone"

    user_id: int
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class AccountLocked(Event):
    """Too many wrong passwords: the name is shut on this host for a while."""

    name = "users.account_locked"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class ProfileChanged(Event):
    """Name or address of a person changed; who keeps a copy listens."""

    name = "users.profile_changed"

    user_id: int
    display_name: str
    email: str


@dataclass(frozen=True, kw_only=True)
class UserCreated(Event):
    name = "users.created"

    user_id: int
    role: str


@dataclass(frozen=True, kw_only=True)
class RoleChanged(Event):
    name = "users.role_changed"

    user_id: int
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class ActivationChanged(Event):
    name = "users.activation_changed"

    user_id: int
    is_active: bool


@dataclass(frozen=True, kw_only=True)
class ApiTokenCreated(Event):
    """A personal API token was made; ``label`` is its owner's name for it, ``scopes`` what it reaches."""

    name = "users.api_token_created"

    user_id: int
    key_id: UUID
    label: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ApiTokenRevoked(Event):
    name = "users.api_token_revoked"

    user_id: int
    key_id: UUID
    reason: str


@dataclass(frozen=True, kw_only=True)
class DataExportRequested(Event):
    """A person asked for everything that is known of them."""

    name = "users.data_export_requested"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class DataExportFetched(Event):
    name = "users.data_export_fetched"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class AccountErased(Event):
    """A person is nobody from here on (C29)."""

    name = "users.account_erased"

    user_id: int
