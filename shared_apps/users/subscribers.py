"""What follows from what happens to people."""

from __future__ import annotations

from shared_apps.core.context import platform_context
from shared_apps.core.events import subscribe

from .events import ActivationChanged, EmailChangeUndone, PasswordReset
from .services.api_tokens import revoke_api_tokens_of


def _end_api_tokens(event: PasswordReset) -> None:
    """Whoever knew the old password may have made tokens: they end with the sessions."""
    with platform_context():
        revoke_api_tokens_of(user_id=event.user_id, reason="password_reset", tenant=None)


def _end_api_tokens_of_thief(event: EmailChangeUndone) -> None:
    with platform_context():
        revoke_api_tokens_of(user_id=event.user_id, reason="email_change_undone", tenant=None)


def _end_api_tokens_of_inactive(event: ActivationChanged) -> None:
    """Who is let in again begins anew: a forgotten program must not wake up with them."""
    if not event.is_active:
        with platform_context():
            revoke_api_tokens_of(user_id=event.user_id, reason="deactivated", tenant=None)


def register_subscribers() -> None:
    """Called in ``ready()``."""
    subscribe(PasswordReset, _end_api_tokens)
    subscribe(EmailChangeUndone, _end_api_tokens_of_thief)
    subscribe(ActivationChanged, _end_api_tokens_of_inactive)
