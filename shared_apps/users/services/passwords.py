"""Changing a password, and getting in again without one."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.core import signing
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.users.events import PasswordChanged, PasswordReset
from shared_apps.users.hosts import HostTenant, inside
from shared_apps.users.models import User
from shared_apps.users.units import identity_unit

from .sessions import end_sessions_of

RESET_PURPOSE: Final = "password-reset"
RESET_MAX_AGE: Final = timedelta(hours=1)


def require_good_password(password: str, *, user: User | None, field: str) -> None:
    """Raise DomainError("auth.password_weak") naming the field and each rule that the password breaks."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError("auth.password_weak", error.messages[0], details={field: error.messages}) from error


def change_password(*, actor: Actor, old_password: str, new_password: str, tenant: HostTenant | None) -> None:
    """Set the actor's password and end every other session of theirs.

    Raises DomainError for a wrong old password ("auth.wrong_password") or a weak new one.
    """
    with platform_context():
        user: User | None = User.objects.filter(pk=actor.user_id or 0, is_active=True).first()
        if user is None:
            raise NotFoundError("user.not_found", _("There is no such user."))
        if not check_password(old_password, user.password):
            raise DomainError("auth.wrong_password", _("The old password is wrong."), field="old_password")
        require_good_password(new_password, user=user, field="new_password1")
        seen = user.password
        user.set_password(new_password)
    with identity_unit("auth.change_password"):
        _store(user, seen)
        end_sessions_of(user, reason="password_changed", tenant=tenant, keep=actor.session_id)
        with inside(tenant):
            emit(PasswordChanged(user_id=user.pk))


def request_password_reset(*, email: str, origin: str, tenant: HostTenant | None) -> None:
    """Have a link sent to an address, if a person of this host has it.

    Whether one has is found out by the worker: the answer and its time are the same for every address.
    ``origin`` is the host's own (``https://acme.example.com``).
    """
    with identity_unit("auth.request_password_reset"):
        enqueue(
            "users.send_reset_link",
            email=email.lower(),
            origin=origin,
            tenant_id=None if tenant is None else tenant.pk,
            schema=None if tenant is None else tenant.schema_name,
            tenant_name="" if tenant is None else tenant.name,
        )


def reset_token(user: User) -> str:
    """The signed text of a reset link: for this host, for an hour, for as long as the password stays."""
    return signing.sign(RESET_PURPOSE, [user.pk, _fingerprint(user)])


def reset_password(*, token: str, new_password: str, tenant: HostTenant | None) -> None:
    """Set a new password by a reset link and end all sessions.

    Raises ForbiddenError for a link of another host, an altered, expired or used one; DomainError for a
    weak password.
    """
    user_id, fingerprint = signing.unsign(RESET_PURPOSE, token, max_age=RESET_MAX_AGE)
    with platform_context():
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None or not hmac.compare_digest(_fingerprint(user), fingerprint):
            raise _used()
        require_good_password(new_password, user=user, field="new_password1")
        seen = user.password
        user.set_password(new_password)
    with identity_unit("auth.reset_password", user=user):
        _store(user, seen)
        end_sessions_of(user, reason="password_reset", tenant=tenant)
        with inside(tenant):
            emit(PasswordReset(user_id=user.pk))


def _used() -> ForbiddenError:
    return ForbiddenError("auth.reset_link_used", _("This link was used already. Ask for a new one."))


def _fingerprint(user: User) -> str:
    """Changes with the password, the address and the last log-in: a link is good once."""
    state: list[Any] = [user.pk, user.password, user.email, user.last_login]
    return signing.mac(RESET_PURPOSE, "", repr(state).encode())[:32]


def _store(user: User, seen: str) -> None:
    """Write the new hash unless somebody else changed the password meanwhile (a link used twice at once)."""
    changed = User.objects.filter(pk=user.pk, password=seen).update(
        password=user.password, password_updated=user.password_updated
    )
    if not changed:
        raise _used()
