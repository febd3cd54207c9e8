"""Changing a password, and getting in again without one."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.step_up import require_recent
from shared_apps.core.context import audit_context, platform_context
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.users import codes, second_step
from shared_apps.users.codes import Host, Purpose
from shared_apps.users.events import PasswordChanged, PasswordReset
from shared_apps.users.hosts import inside
from shared_apps.users.models import User
from shared_apps.users.units import identity_unit

from . import lockout
from .notices import Notice, tell
from .sessions import end_sessions_of


def require_good_password(password: str, *, user: User | None, field: str) -> None:
    """Raise DomainError("auth.password_weak") naming the field and each rule that the password breaks."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError("auth.password_weak", error.messages[0], details={field: error.messages}) from error


def change_password(*, actor: Actor, old_password: str, new_password: str, host: Host) -> None:
    """Set the actor's password, end every other session of theirs and tell them by e-mail.

    Raises StepUpRequired where the actor has a second factor, DomainError for a wrong old password
    ("auth.wrong_password") or a weak new one.
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
        has_second_factor = second_step.is_due(user.pk)
    if has_second_factor:  # for everybody else the old password is the proof
        require_recent(actor)
    with identity_unit("auth.change_password"):
        _store(user, seen)
        end_sessions_of(user, reason="password_changed", tenant=host.tenant, keep=actor.session_id)
        with inside(host.tenant):
            emit(PasswordChanged(user_id=user.pk))
        tell(user.pk, Notice.PASSWORD_CHANGED, origin=host.origin, tenant=host.tenant)


def request_password_reset(*, email: str, host: Host) -> UUID:
    """Have a code sent to an address, if a person of this host has it. Returns the id of what waits for it.

    Whether one has is found out by the worker: the answer and its time are the same for every address.
    Raises TooManyRequestsError, known or not.
    """
    email = email.lower()
    codes.require_send_left(Purpose.PASSWORD_RESET, email)
    with identity_unit("auth.request_password_reset"):
        return codes.ask(Purpose.PASSWORD_RESET, address=email, host=host)


def reset_password(*, email: str, code: str, new_password: str, host: Host) -> User:
    """Set a new password by the code of the mail and end all sessions; the code works once. Returns whose.

    Raises DomainError: "auth.code_wrong" (with one text for a wrong, old or dead code and for an unknown
    address), or for a weak password, which leaves the code as it was.
    """
    email = email.lower()
    with identity_unit("auth.reset_password"):
        row = codes.match(Purpose.PASSWORD_RESET, address=email, code=code, tenant=host.tenant)
        user = None if row is None else _person_of(email)
        if row is not None and user is not None:
            require_good_password(new_password, user=user, field="new_password1")
            codes.spend(row)
            with audit_context(actor_id=user.pk, actor_email=user.email):
                _set_by_code(user, new_password, host)
    if user is None:
        raise codes.wrong()
    lockout.open_again(user)
    return user


def _person_of(email: str) -> User | None:
    rows = User.objects.select_for_update(of=("self",)).filter(email=email, is_active=True)
    user: User | None = rows.first()
    return user


def _set_by_code(user: User, password: str, host: Host) -> None:
    """Step: the mailbox is proved, too: the code came from there."""
    user.set_password(password)
    if user.email_verified_at is None:
        user.email_verified_at = timezone.now()
    user.save(update_fields=["password", "password_updated", "email_verified_at"])
    end_sessions_of(user, reason="password_reset", tenant=host.tenant)
    with inside(host.tenant):
        emit(PasswordReset(user_id=user.pk))
    tell(user.pk, Notice.PASSWORD_CHANGED, origin=host.origin, tenant=host.tenant)


def _store(user: User, seen: str) -> None:
    """Write the new hash unless somebody else changed the password meanwhile."""
    changed = User.objects.filter(pk=user.pk, password=seen).update(
        password=user.password, password_updated=user.password_updated
    )
    if not changed:
        raise ConflictError("auth.password_changed", _("The password was changed a moment ago."))
