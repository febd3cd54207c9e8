"""Shutting a name after too many wrong passwords, from wherever they came; the same for unknown names."""

from __future__ import annotations

from typing import Final

from django.utils.translation import ngettext

from shared_apps.core import throttling
from shared_apps.core.errors import TooManyRequestsError
from shared_apps.core.events import emit
from shared_apps.users.events import AccountLocked
from shared_apps.users.hosts import Client, HostTenant, inside
from shared_apps.users.models import User
from shared_apps.users.units import identity_unit

from .notices import Notice, tell

_SCOPE: Final = "login_failures"


def require_open(identifier: str) -> None:
    """Refuse a name that is shut, right password or wrong. Raises TooManyRequestsError with the seconds."""
    seconds = throttling.spent(_SCOPE, identifier.lower())
    if seconds is None:
        return
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many wrong passwords. Try again in %(minutes)s minute, or ask for a new password.",
        "Too many wrong passwords. Try again in %(minutes)s minutes, or ask for a new password.",
        minutes,
    )
    raise TooManyRequestsError("auth.locked", text % {"minutes": minutes}, retry_after=seconds)


def note_failure(*, identifier: str, user_id: int | None, client: Client, tenant: HostTenant | None) -> None:
    """Count a wrong password; the one that shuts the name tells its owner, if it has one."""
    throttling.hit(_SCOPE, identifier.lower())
    if throttling.spent(_SCOPE, identifier.lower()) is None:
        return
    if throttling.hit("lockout_notice", identifier.lower()) is not None:
        return
    with identity_unit("auth.lock"):
        tell(user_id, Notice.LOCKED, origin=client.origin, tenant=tenant, client=client)
        if user_id is not None:
            with inside(tenant):
                emit(AccountLocked(user_id=user_id))


def note_success(identifier: str) -> None:
    """Forget the wrong passwords before a right one: people mistype."""
    throttling.forget(_SCOPE, identifier.lower())


def open_again(user: User) -> None:
    """Forget the failures of a person who proved their mailbox."""
    for name in {user.email.lower(), user.username.lower()}:
        throttling.forget(_SCOPE, name)
        throttling.forget("lockout_notice", name)
