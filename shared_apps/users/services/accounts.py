"""People as their owners and the platform's staff change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor, forget_actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.errors import DomainError, ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.users import avatars, principals
from shared_apps.users.events import (
    ActivationChanged,
    PasswordReset,
    ProfileChanged,
    RoleChanged,
    UserCreated,
)
from shared_apps.users.hosts import HostTenant, inside
from shared_apps.users.models import Role, User
from shared_apps.users.units import identity_unit

from .passwords import require_good_password
from .sessions import end_sessions_of

#: What a person may change of their own account.
OWN_FIELDS: Final = (
    "first_name", "last_name", "phone_number", "bio", "url", "company", "location", "birth_date",
    "account_type", "language", "time_zone", "theme",
)  # fmt: skip
#: What the platform's staff may change besides role, activation and password.
STAFF_FIELDS: Final = (*OWN_FIELDS, "username", "email", "tenant")


#: What opens an account to somebody else, or gives them rights: asks for a fresh proof.
_CRITICAL: Final = frozenset({"password", "email", "role"})


def update_profile(*, actor: Actor, changes: Mapping[str, Any], tenant: HostTenant | None) -> User:
    """Change the actor's own account; only :data:`OWN_FIELDS` are looked at. Returns the user."""
    with identity_unit("users.update_profile"):
        user = lock_user(actor.user_id)
        before = (user.display_name, user.email)
        _apply(user, changes, OWN_FIELDS)
        if (user.display_name, user.email) != before:
            _tell_profile(user, tenant)
        principals.forget_user(user.pk)
    return user


def change_avatar(*, actor: Actor, upload: Any | None) -> User:
    """Give the actor a picture, or none. Raises DomainError (field ``avatar``) for what is no picture."""
    content = None if upload is None else avatars.small_picture(upload)
    name = "" if content is None else avatars.store(content)
    with identity_unit("users.change_avatar"):
        user = lock_user(actor.user_id)
        before, user.avatar = user.avatar, name
        user.save(update_fields=["avatar"])
        principals.forget_user(user.pk)
        if before:
            transaction.on_commit(lambda: avatars.remove(before), robust=True)
    return user


def create_user(*, actor: Actor, values: Mapping[str, Any], password: str) -> User:
    """Make an account for somebody (S4-65: the password is hashed).

    Raises ForbiddenError when the actor may not give the role, DomainError for a weak password.
    """
    require(actor, "users.create_user")
    role = Role(values.get("role", Role.SUBSCRIBER))
    if role != Role.SUBSCRIBER:
        require(actor, "users.change_role")
    user = User(role=role, is_active=values.get("is_active", True))
    _assign(user, values, STAFF_FIELDS)
    require_good_password(password, user=user, field="password")
    user.set_password(password)
    with identity_unit("users.create_user"):
        _require_home_is_membership(user)
        user.save(force_insert=True)
        emit(UserCreated(user_id=user.pk, role=str(role)))
    return user


def change_user(*, actor: Actor, user_id: int, changes: Mapping[str, Any]) -> User:
    """Change somebody's account, role, activation or password as the platform's staff.

    A new password and a deactivation end all sessions; a new role shows at once here and within 30 seconds
    in other processes. Raises NotFoundError, ForbiddenError (a superadmin's account or role is for
    superadmins, one's own role and activation for others) and DomainError (the last superadmin stays).
    """
    require(actor, "users.change_user")
    if _CRITICAL & set(changes):
        require_recent(actor)
    password = changes.get("password")
    with identity_unit("users.change_user"):
        user = lock_user(user_id)
        if user.role == Role.SUPERADMIN and actor.platform_role != Role.SUPERADMIN:
            raise ForbiddenError("users.superadmin_only", _("Only a superadmin may change a superadmin."))
        profile = (user.display_name, user.email)
        _change_role(actor, user, changes.get("role", user.role))
        _change_activation(actor, user, changes.get("is_active", user.is_active))
        if password:
            require_good_password(password, user=user, field="password")
            user.set_password(password)
            user.save(update_fields=["password", "password_updated"])
            end_sessions_of(user, reason="password_reset", tenant=None)
            emit(PasswordReset(user_id=user.pk))
        _apply(user, changes, STAFF_FIELDS)
        if "tenant" in changes:
            _require_home_is_membership(user)
        if (user.display_name, user.email) != profile:
            _tell_profile(user, None)
        principals.forget_user(user.pk)
        forget_actor(user.pk)
    return user


def lock_user(user_id: int | None) -> User:
    """Step: a person's row, locked. Raises NotFoundError."""
    user: User | None = User.objects.select_for_update(of=("self",)).filter(pk=user_id or 0).first()
    if user is None:
        raise NotFoundError("user.not_found", _("There is no such user."))
    return user


def _assign(user: User, values: Mapping[str, Any], fields: tuple[str, ...]) -> list[str]:
    given = [field for field in fields if field in values]
    for field in given:
        setattr(user, field, values[field])
    if "email" in given:
        user.email = user.email.lower()
    return given


def _apply(user: User, changes: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    if given := _assign(user, changes, fields):
        user.save(update_fields=given)


def _change_role(actor: Actor, user: User, role: str) -> None:
    if role == user.role:
        return
    if user.pk == actor.user_id:
        raise ForbiddenError("users.own_role", _("Nobody changes their own role."))
    require(actor, "users.change_role")
    before = user.role
    if before == Role.SUPERADMIN:
        require_another_superadmin(user)
    user.role = role
    user.save(update_fields=["role"])
    emit(RoleChanged(user_id=user.pk, before=str(before), after=str(role)))


def _change_activation(actor: Actor, user: User, is_active: bool) -> None:
    if is_active == user.is_active:
        return
    if user.pk == actor.user_id:
        raise ForbiddenError("users.own_activation", _("Nobody deactivates their own account."))
    require(actor, "users.deactivate_user")
    if user.role == Role.SUPERADMIN:
        require_another_superadmin(user)
    user.is_active = is_active
    user.save(update_fields=["is_active"])
    if not is_active:
        end_sessions_of(user, reason="deactivated", tenant=None)
    emit(ActivationChanged(user_id=user.pk, is_active=is_active))


def require_another_superadmin(user: User) -> None:
    """Step: raise DomainError where this is the last superadmin."""
    others = User.objects.filter(role=Role.SUPERADMIN, is_active=True).exclude(pk=user.pk)
    if not list(others.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True)):
        raise DomainError(
            "users.last_superadmin", _("The platform needs at least one superadmin."), field="role"
        )


def _require_home_is_membership(user: User) -> None:
    """The home tenant is one of the memberships (C4)."""
    if user.tenant_id is None:
        return
    if user.pk is None or not user.memberships.filter(tenant_id=user.tenant_id, is_active=True).exists():
        raise DomainError(
            "users.home_not_membership",
            _("The home tenant must be one that the person is an active member of."),
            field="tenant",
        )


def _tell_profile(user: User, tenant: HostTenant | None) -> None:
    with inside(tenant):
        emit(ProfileChanged(user_id=user.pk, display_name=user.display_name, email=user.email))
