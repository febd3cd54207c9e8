"""Joining by oneself: a new account, or an existing one that enters another tenant (C26, C40).

Nothing of a person exists until the code that was sent to their mailbox comes back (C22): what they typed
waits beside the code. So an address that is known and one that is new get the same answer after the same
work, and nobody can take a name or an address that is not theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.core import signing
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.core.events import emit
from shared_apps.users import codes, principals, second_step
from shared_apps.users.codes import Host, Purpose
from shared_apps.users.events import EmailVerified, MemberJoined, PasswordReset, UserRegistered
from shared_apps.users.hooks import run_join_hooks
from shared_apps.users.hosts import HostTenant, inside
from shared_apps.users.models import OneTimeCode, Role, User
from shared_apps.users.options import PENDING_LIFETIME, SELF_REGISTRATION
from shared_apps.users.units import identity_unit

from .passwords import require_good_password
from .sessions import end_sessions_of

_USERNAME_LENGTH: Final = 150
_REGISTRATION: Final = "registration"


@dataclass(frozen=True, kw_only=True, slots=True)
class Application:
    """What a person fills in; ``username`` defaults to the e-mail address."""

    email: str
    password: str
    username: str = ""
    first_name: str = ""
    last_name: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Whose code it was; ``is_new`` where the account was made now, with the password of the form.

    ``needs_password`` where an account was there whose address nobody had proved: its password is void.
    """

    user: User
    is_new: bool
    needs_password: bool = False


def register(*, application: Application, host: Host, remote_addr: str | None = None) -> UUID:
    """Keep what a person typed and send a code to their mailbox. Returns the id of what waits for it.

    The answer never says which address is known: the owner of one gets an e-mail by which they join here
    with the account they have (C40). Raises DomainError for a weak password or a user name that is taken or
    has an @ (so no name can be tried in place of an address), TooManyRequestsError, and ForbiddenError
    ``auth.registration_closed`` where members come by invitation only.
    """
    require_open(host.tenant)
    email, wanted = application.email.lower(), application.username
    if "@" in wanted:
        raise DomainError("auth.username_invalid", _("A user name has no @."), field="username")
    person = User(email=email, first_name=application.first_name, last_name=application.last_name)
    require_good_password(application.password, user=person, field="password1")
    payload: dict[str, Any] = {
        "password": make_password(application.password),
        "username": wanted,
        "first_name": application.first_name,
        "last_name": application.last_name,
        "remote_addr": remote_addr or "",
    }
    with platform_context():
        if wanted and User.objects.filter(username=wanted).exists():
            raise DomainError("auth.username_taken", _("This user name is taken."), field="username")
    codes.require_send_left(Purpose.REGISTRATION, email)
    with identity_unit("auth.register"):
        return codes.ask(Purpose.REGISTRATION, address=email, host=host, payload=payload)


def resend_code(*, email: str, host: Host) -> None:
    """Send a new code for a registration that waits; the old one is dead. Silent where none waits.

    Raises TooManyRequestsError, by the address alone and whether it is known or not.
    """
    email = email.lower()
    codes.require_send_left(Purpose.REGISTRATION, email)
    with identity_unit("auth.register"):
        codes.ask_again(Purpose.REGISTRATION, address=email, host=host)


def registration_token(code_id: UUID) -> str:
    """What binds the code of a letter to the registration that asked for it; for the client that made it."""
    return signing.sign(_REGISTRATION, [str(code_id)])


def code_of_token(token: str) -> UUID:
    """The registration behind a token of this host. Raises ForbiddenError for any other text."""
    (code_id,) = signing.unsign(_REGISTRATION, token, max_age=PENDING_LIFETIME.value())
    return UUID(code_id)


def confirm(
    *,
    email: str,
    code: str,
    tenant: HostTenant | None,
    code_id: UUID | None = None,
    password: str = "",
    remote_addr: str | None = None,
) -> Confirmed:
    """Make the account that a code confirms, or let the owner of a known address in; each code works once.

    On a tenant's host the person becomes a member there; a membership that the tenant has ended is not
    revived, and the password of a known account stays, unless nobody had proved its address: then somebody
    else may have made it, and password, sessions and API tokens end. Raises DomainError("auth.code_wrong"),
    also for such an account with a second factor: that may be somebody else's too.

    Anybody can register with somebody's address, and a password that they know: the person whose mailbox it
    is must not confirm that one. So a new account gets the password of the form only from who filled it in,
    by ``code_id``, or from the same network address; everybody else gives the account's ``password`` with the
    code. Raises DomainError("auth.registration_elsewhere"), which leaves the code as it was.
    """
    for attempt in ("first", "last"):
        try:
            confirmed = _confirm(email.lower(), code, tenant, code_id, password, remote_addr)
        except IntegrityError:
            if attempt == "last":
                raise
            continue  # somebody took the same name or address a moment ago: look again
        if confirmed is None:
            raise codes.wrong()
        return confirmed
    raise AssertionError("unreachable")


def _confirm(
    email: str,
    code: str,
    tenant: HostTenant | None,
    code_id: UUID | None,
    password: str,
    remote_addr: str | None,
) -> Confirmed | None:
    with identity_unit("auth.confirm_registration"):
        row = codes.match(Purpose.REGISTRATION, address=email, code=code, tenant=tenant, code_id=code_id)
        if row is None:
            return None
        codes.spend(row)
        user: User | None = User.objects.select_for_update(of=("self",)).filter(email=email).first()
        if user is not None and not user.is_active:
            return None
        is_unproved = user is not None and user.email_verified_at is None
        if user is not None and is_unproved:
            if second_step.is_due(user.pk):
                return None
            _take_from_strangers(user, tenant)
        is_new = user is None
        if is_new:
            is_theirs = code_id is not None or row.payload.get("remote_addr") == (remote_addr or "-")
            _choose_password(row, password, is_theirs)
        now = timezone.now()
        person = _create(row, now) if user is None else user
        if person.email_verified_at is None:
            person.email_verified_at = now
            person.save(update_fields=["email_verified_at"])
        let_in = tenant is not None and _let_in(person, tenant)
        with inside(tenant):
            if is_new:
                emit(UserRegistered(user_id=person.pk, email=email))
            elif let_in:
                emit(MemberJoined(user_id=person.pk, email=email))
            emit(EmailVerified(user_id=person.pk))
    return Confirmed(person, is_new, is_unproved)


def _choose_password(row: OneTimeCode, password: str, is_theirs: bool) -> None:
    """Step: the password of the account to be made is known to the owner of the mailbox."""
    if not password:
        if is_theirs:
            return
        raise DomainError(
            "auth.registration_elsewhere",
            _("You registered in another browser or program. Give the password that the account shall have."),
            field="password",
        )
    person = User(email=row.address, first_name=row.payload["first_name"], last_name=row.payload["last_name"])
    require_good_password(password, user=person, field="password")
    row.payload["password"] = make_password(password)


def _take_from_strangers(user: User, tenant: HostTenant | None) -> None:
    """Step: end what whoever made an account with an unproved address may know and hold."""
    user.set_unusable_password()
    user.save(update_fields=["password", "password_updated"])
    end_sessions_of(user, reason="address_proved", tenant=tenant)
    with inside(tenant):
        emit(PasswordReset(user_id=user.pk))


def _create(row: OneTimeCode, now: datetime) -> User:
    kept = row.payload
    person = User(
        username=_free_username(row.address, kept["username"]),
        email=row.address,
        first_name=kept["first_name"],
        last_name=kept["last_name"],
        role=Role.SUBSCRIBER,
        password=kept["password"],
        password_updated=row.created_at,
        email_verified_at=now,
    )
    person.save(force_insert=True)
    return person


def require_open(tenant: HostTenant | None) -> None:
    """Raise ForbiddenError where the organisation takes nobody who was not invited."""
    if tenant is not None and not SELF_REGISTRATION.value_for(tenant.schema_name):
        raise ForbiddenError(
            "auth.registration_closed", _("This organisation takes new members by invitation only.")
        )


def _free_username(email: str, wanted: str) -> str:
    """The name asked for, else the address; where somebody took it, its beginning and a random end."""
    name = wanted or email[:_USERNAME_LENGTH]
    if len(wanted or email) > _USERNAME_LENGTH or User.objects.filter(username=name).exists():
        name = f"{name.partition('@')[0][:100]}-{uuid4().hex[:12]}"
    return name


def _let_in(person: User, tenant: HostTenant) -> bool:
    """Step: make a person a member of a tenant; whether they were not one before."""
    memberships = User._meta.get_field("memberships").related_model._default_manager
    _membership, is_new = memberships.get_or_create(user_id=person.pk, tenant_id=tenant.pk)
    if is_new:
        run_join_hooks(person, tenant)
        principals.forget_user(person.pk)
    return bool(is_new)
