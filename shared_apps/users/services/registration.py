"""Joining by oneself: a new account, or an existing one that enters another tenant (C26, C40)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import uuid4

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.core import signing
from shared_apps.core.background import enqueue
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.core.events import emit
from shared_apps.users import principals
from shared_apps.users.events import MemberJoined, UserRegistered
from shared_apps.users.hooks import run_join_hooks
from shared_apps.users.hosts import HostTenant, inside
from shared_apps.users.models import Role, User
from shared_apps.users.units import identity_unit

from .passwords import require_good_password

JOIN_PURPOSE: Final = "join"
JOIN_MAX_AGE: Final = timedelta(days=1)
_USERNAME_LENGTH: Final = 150


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """What a person fills in; ``username`` defaults to the e-mail address."""

    email: str
    password: str
    username: str = ""
    first_name: str = ""
    last_name: str = ""


def register(*, application: Application, origin: str, tenant: HostTenant | None) -> None:
    """Make an account, and on a tenant's host a membership; the answer never says which address is known.

    A known address gets the same answer after the same work, whose rows are rolled back, and a mail with a
    link by which its owner joins here (C40); the existing password stays. Raises DomainError for a weak
    password or a user name that is taken or has an @ (so no name can be tried in place of an address).
    """
    email, wanted = application.email.lower(), application.username
    if "@" in wanted:
        raise DomainError("auth.username_invalid", _("A user name has no @."), field="username")
    person = User(
        email=email, first_name=application.first_name, last_name=application.last_name, role=Role.SUBSCRIBER
    )
    require_good_password(application.password, user=person, field="password1")
    person.password = make_password(application.password)
    person.password_updated = timezone.now()
    for attempt in ("first", "last"):
        with platform_context():
            person.username = wanted or _free_username(email)
            if wanted and User.objects.filter(username=wanted).exists():
                raise DomainError("auth.username_taken", _("This user name is taken."), field="username")
        try:
            _register(person, origin, tenant)
        except IntegrityError:
            if attempt == "last":
                raise
            continue  # somebody registered the same name or address a moment ago: look again
        return


def _free_username(email: str) -> str:
    """The address itself, or what it begins with and a random end where somebody is called like that."""
    name = email[:_USERNAME_LENGTH]
    if len(email) > _USERNAME_LENGTH or User.objects.filter(username=name).exclude(email=email).exists():
        name = f"{email.partition('@')[0][:100]}-{uuid4().hex[:12]}"
    return name


def _register(person: User, origin: str, tenant: HostTenant | None) -> None:
    with identity_unit("auth.register"):
        known = User.objects.filter(email=person.email).values_list("pk", flat=True).first()
        if known is None:
            _create(person, tenant)
        else:
            _rehearse(person, tenant)
        enqueue(
            "users.send_registration_mail",
            user_id=person.pk if known is None else known,
            is_known=known is not None,
            origin=origin,
            tenant_id=None if tenant is None else tenant.pk,
            schema=None if tenant is None else tenant.schema_name,
            tenant_name="" if tenant is None else tenant.name,
        )


def _create(person: User, tenant: HostTenant | None) -> None:
    person.save(force_insert=True)
    if tenant is not None:
        _let_in(person, tenant)
    with inside(tenant):
        emit(UserRegistered(user_id=person.pk, email=person.email))


def _let_in(person: User, tenant: HostTenant) -> None:
    memberships = User._meta.get_field("memberships").related_model._default_manager
    memberships.get_or_create(user_id=person.pk, tenant_id=tenant.pk)
    run_join_hooks(person, tenant)


def _rehearse(person: User, tenant: HostTenant | None) -> None:
    """Do the work of a new account and take it back, so that a known address takes no other time."""
    name = f"{uuid4().hex}@rehearsal.invalid"
    stand_in = User(username=name, email=name, password=person.password, role=Role.SUBSCRIBER)
    point = transaction.savepoint()
    try:
        _create(stand_in, tenant)
    finally:
        transaction.savepoint_rollback(point)


def join_token(user: User) -> str:
    """The signed text of a join link, valid for a day on this host."""
    return signing.sign(JOIN_PURPOSE, [user.pk, user.email])


def join(*, token: str, tenant: HostTenant) -> None:
    """Let the owner of an existing account into this tenant, by the link that was sent to their address.

    Doing it again changes nothing; a membership that the tenant has ended is not revived. Raises
    ForbiddenError for a link of another host, an altered or an expired one.
    """
    user_id, email = signing.unsign(JOIN_PURPOSE, token, max_age=JOIN_MAX_AGE)
    with identity_unit("auth.join"):
        user = User.objects.filter(pk=user_id, email=email, is_active=True).first()
        if user is None:
            raise ForbiddenError("signature.invalid", _("This link is not valid here."))
        memberships = User._meta.get_field("memberships").related_model._default_manager
        _membership, is_new = memberships.get_or_create(user_id=user.pk, tenant_id=tenant.pk)
        if is_new:
            run_join_hooks(user, tenant)
            principals.forget_user(user.pk)
            with inside(tenant):
                emit(MemberJoined(user_id=user.pk, email=user.email))
