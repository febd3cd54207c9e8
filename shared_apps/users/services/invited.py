"""People who come by an invitation: the link that went to their address proves that it is theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError
from shared_apps.core.events import emit
from shared_apps.users import principals
from shared_apps.users.events import EmailVerified, MemberJoined, UserRegistered
from shared_apps.users.hosts import Client, HostTenant, inside
from shared_apps.users.models import Role, User

from . import lockout
from .passwords import require_good_password

_USERNAME_LENGTH = 150


@dataclass(frozen=True, kw_only=True, slots=True)
class NewPerson:
    """What somebody without an account fills in; the address comes from the invitation."""

    password: str
    first_name: str
    last_name: str


def has_account(email: str) -> bool:
    """Whether an account has this address; to be told only to who has proved that it is theirs."""
    with platform_context():
        return bool(User.objects.filter(email=email).exists())


def account_of(email: str) -> User:
    """The active account with this address, for somebody who is logged in with it."""
    with platform_context():
        return User.objects.get(email=email, is_active=True)


def owner_of_address(*, email: str, password: str, client: Client, tenant: HostTenant) -> User:
    """The active account with this address, if the password is its own; on whatever host.

    A wrong one counts as it does at the log-in. Raises DomainError ``auth.invalid_credentials`` (field
    ``password``), TooManyRequestsError where the name is shut.
    """
    lockout.require_open(email)
    with platform_context():
        user: User | None = User.objects.filter(email=email, is_active=True).first()
        is_right = user is not None and check_password(password, user.password)
    if user is not None and is_right:
        lockout.note_success(email)
        return user
    lockout.note_failure(
        identifier=email, user_id=None if user is None else user.pk, client=client, tenant=tenant
    )
    raise DomainError("auth.invalid_credentials", _("The password is wrong."), field="password")


def prepare_account(*, email: str, person: NewPerson) -> User:
    """An account that is not stored yet, its password checked and hashed outside every transaction.

    Raises DomainError naming ``first_name`` or ``password``.
    """
    if not person.first_name.strip():
        raise DomainError("auth.name_missing", _("Say your name."), field="first_name")
    user = User(
        email=email,
        first_name=person.first_name.strip()[:150],
        last_name=person.last_name.strip()[:150],
        role=Role.SUBSCRIBER,
    )
    require_good_password(person.password, user=user, field="password")
    user.password = make_password(person.password)
    user.password_updated = timezone.now()
    return user


def enter_directory(*, user: User, tenant: HostTenant) -> User:
    """Step: store a prepared account, or take the stored one, and write its membership of a tenant.

    The mail's link has proved the address. Raises ConflictError where the address was taken a moment ago,
    ForbiddenError for somebody whom the tenant has shut out.
    """
    is_new = user.pk is None
    proves = user.email_verified_at is None
    if proves:
        user.email_verified_at = timezone.now()
    if is_new:
        user.username = _free_username(user.email)
        try:
            with transaction.atomic():
                user.save(force_insert=True)
        except IntegrityError as error:
            raise ConflictError(
                "user.email_taken", _("There is an account with this address now; log in with it.")
            ) from error
    elif proves:
        user.save(update_fields=["email_verified_at"])
    memberships = User._meta.get_field("memberships").related_model._default_manager
    membership: Any
    membership, _created = memberships.get_or_create(user_id=user.pk, tenant_id=tenant.pk)
    if not membership.is_active:
        raise ForbiddenError("member.shut_out", _("This organisation has closed its door to this account."))
    principals.forget_user(user.pk)
    with inside(tenant):
        event = UserRegistered if is_new else MemberJoined
        emit(event(user_id=user.pk, email=user.email))
        if proves:
            emit(EmailVerified(user_id=user.pk))
    return user


def _free_username(email: str) -> str:
    name = email[:_USERNAME_LENGTH]
    if len(email) > _USERNAME_LENGTH or User.objects.filter(username=name).exists():
        name = f"{email.partition('@')[0][:100]}-{uuid4().hex[:12]}"
    return name
