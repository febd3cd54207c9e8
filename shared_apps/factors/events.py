"""What happens to people's second factors."""

from __future__ import annotations

from dataclasses import dataclass

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class FactorAdded(Event):
    """``method`` is ``totp`` or ``webauthn``; ``label`` is the owner's name for a passkey."""

    name = "factors.factor_added"

    user_id: int
    method: str
    label: str


@dataclass(frozen=True, kw_only=True)
class FactorRemoved(Event):
    name = "factors.factor_removed"

    user_id: int
    method: str
    label: str


@dataclass(frozen=True, kw_only=True)
class FactorsReset(Event):
    """The platform's staff took away all factors of somebody who had lost them; ``reason`` says why."""

    name = "factors.factors_reset"

    user_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RecoveryCodesMade(Event):
    """Older ones are worth nothing now."""

    name = "factors.recovery_codes_made"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class RecoveryCodeUsed(Event):
    name = "factors.recovery_code_used"

    user_id: int
    left: int


@dataclass(frozen=True, kw_only=True)
class SecondFactorFailed(Event):
    """Told at most once a minute for a person: somebody who knows the password fails at the second step."""

    name = "factors.second_factor_failed"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class IdentityConfirmed(Event):
    """A person proved again who they are, before a critical operation."""

    name = "factors.identity_confirmed"

    user_id: int
    method: str
