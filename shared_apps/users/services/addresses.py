"""Changing the e-mail address: proved by a code to the new one, told to both, taken back from the old one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.contrib.auth.hashers import check_password
from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.step_up import require_recent
from shared_apps.core import signing
from shared_apps.core.context import Schema, host_context, platform_context
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.users import codes, principals, queries, second_step
from shared_apps.users.codes import Host, Purpose
from shared_apps.users.events import EmailChanged, EmailChangeUndone, EmailVerified, ProfileChanged
from shared_apps.users.hosts import HostTenant, id_of, inside
from shared_apps.users.models import OneTimeCode, User
from shared_apps.users.units import identity_unit

from .notices import Notice, tell
from .sessions import end_sessions_of

_UNDO: Final = "email-undo"
#: How long the old address can take the change back.
UNDO_LIFETIME: Final = timedelta(days=7)


def request_email_change(*, actor: Actor, password: str, new_email: str, host: Host) -> None:
    """Send a code to a new address of the actor; the answer is the same whether or not it is somebody's.

    The own address may be given to prove it. Raises DomainError("auth.wrong_password"), TooManyRequestsError;
    StepUpRequired where the actor has a second factor.
    """
    new_email = new_email.lower()
    with platform_context():
        user = User.objects.filter(pk=actor.user_id or 0, is_active=True).first()
        if user is None:
            raise NotFoundError("user.not_found", _("There is no such user."))
        if not check_password(password, user.password):
            raise DomainError("auth.wrong_password", _("The password is wrong."), field="password")
        has_second_factor = second_step.is_due(user.pk)
    if has_second_factor:  # for everybody else the password is the proof
        require_recent(actor)
    codes.require_send_left(Purpose.EMAIL_CHANGE, new_email)
    with identity_unit("auth.request_email_change"):
        _asked(user, host.tenant).delete()
        codes.ask(Purpose.EMAIL_CHANGE, address=new_email, host=host, user=user)


def request_confirmation(*, actor: Actor, host: Host) -> None:
    """Send a code to the actor's own address, to prove that it is theirs. Raises TooManyRequestsError,
    ConflictError where it is proved already."""
    with platform_context():
        user = queries.own_profile(actor)
    if user.email_verified_at is not None:
        raise ConflictError("auth.email_confirmed", _("Your address is confirmed already."))
    codes.require_send_left(Purpose.EMAIL_CHANGE, user.email)
    with identity_unit("auth.request_email_change"):
        _asked(user, host.tenant).delete()
        codes.ask(Purpose.EMAIL_CHANGE, address=user.email, host=host, user=user)


def resend_email_change(*, actor: Actor, host: Host) -> None:
    """Send a new code to the address that waits; raises DomainError where none does."""
    address = waiting_address(actor=actor, tenant=host.tenant)
    if not address:
        raise _nothing_waits()
    codes.require_send_left(Purpose.EMAIL_CHANGE, address)
    with identity_unit("auth.request_email_change"):
        user = User.objects.get(pk=actor.user_id or 0)
        codes.ask_again(Purpose.EMAIL_CHANGE, address=address, host=host, user=user)


def waiting_address(*, actor: Actor, tenant: HostTenant | None) -> str:
    """The new address that waits for its code, or nothing."""
    with platform_context():
        rows = OneTimeCode.objects.filter(
            purpose=Purpose.EMAIL_CHANGE, user_id=actor.user_id or 0, tenant_id=id_of(tenant)
        )
        newest = rows.order_by("-created_at").values_list("address", flat=True).first()
    return newest or ""


def confirm_email_change(*, actor: Actor, code: str, host: Host) -> User:
    """Make the new address the actor's own. Both addresses are told; the old one can take it back.

    A user name that was the old address follows. Raises DomainError: nothing waits, or "auth.code_wrong"
    (also for an address that somebody else took).
    """
    address = waiting_address(actor=actor, tenant=host.tenant)
    if not address:
        raise _nothing_waits()
    try:
        user = _confirm(actor, address, code, host)
    except IntegrityError:
        raise codes.wrong() from None  # somebody took the address a moment ago
    if user is None:
        raise codes.wrong()
    return user


def undo_email_change(*, token: str, host: Host) -> None:
    """Give an account back to its old address, by the link that the old address got.

    It holds however often the address was changed again since. All sessions and API tokens end, factors
    that were added since the change go, and the password holds no more: the old address gets a code for a
    new one. Raises ForbiddenError for a link of another host, an altered, expired or used one.
    """
    user_id, old, _new = signing.unsign(_UNDO, token, max_age=UNDO_LIFETIME)
    with identity_unit("auth.undo_email_change"):
        user = User.objects.select_for_update(of=("self",)).filter(pk=user_id).first()
        gone = _index_of(user, old)
        if user is None or gone is None or User.objects.filter(email=old).exists():
            raise ForbiddenError("auth.undo_used", _("This link was used already, or is too old."))
        changed_at = datetime.fromisoformat(user.former_addresses[gone][1])
        # What came after it goes with it: nobody who had the account meanwhile can take it again.
        user.former_addresses = user.former_addresses[:gone]
        _set_email(user, old)
        user.set_unusable_password()
        user.save(update_fields=["password"])
        end_sessions_of(user, reason="email_change_undone", tenant=host.tenant)
        principals.forget_user(user.pk)
        with inside(host.tenant):
            emit(EmailChangeUndone(user_id=user.pk, changed_at=changed_at))
            emit(ProfileChanged(user_id=user.pk, display_name=user.display_name, email=user.email))
        codes.ask(Purpose.PASSWORD_RESET, address=old, host=host)


def undo_token(user_id: int, old: str, new: str, schema: str) -> str:
    """The signed text of an undo link, for the host with that schema."""
    with host_context(Schema(schema)):
        return signing.sign(_UNDO, [user_id, old, new])


def _confirm(actor: Actor, address: str, code: str, host: Host) -> User | None:
    with identity_unit("auth.confirm_email_change"):
        user = User.objects.select_for_update(of=("self",)).get(pk=actor.user_id or 0)
        row = codes.match(Purpose.EMAIL_CHANGE, address=address, code=code, tenant=host.tenant, user=user)
        if row is None or User.objects.filter(email=address).exclude(pk=user.pk).exists():
            return None
        codes.spend(row)
        old = user.email
        if old != address:
            _note_former(user, old)
        _set_email(user, address)
        principals.forget_user(user.pk)
        with inside(host.tenant):
            emit(EmailVerified(user_id=user.pk))
            if old != address:
                emit(EmailChanged(user_id=user.pk))
                emit(ProfileChanged(user_id=user.pk, display_name=user.display_name, email=address))
        if old != address:
            place = {"origin": host.origin, "tenant": host.tenant}
            tell(user.pk, Notice.EMAIL_CHANGED, address=address, old=old, new=address, **place)  # type: ignore[arg-type]
            tell(user.pk, Notice.EMAIL_CHANGED_OLD, address=old, old=old, new=address, **place)  # type: ignore[arg-type]
    return user


def _set_email(user: User, address: str) -> None:
    if user.username == user.email:
        taken = User.objects.filter(username=address).exclude(pk=user.pk).exists()
        free = not taken and len(address) <= 150
        user.username = address if free else f"{address.partition('@')[0][:100]}-{uuid4().hex[:12]}"
    user.email, user.email_verified_at = address, timezone.now()
    user.save(update_fields=["email", "username", "email_verified_at", "former_addresses"])


def _note_former(user: User, address: str) -> None:
    """Remember which address the account had until now, and forget those that may not take it back."""
    now = timezone.now()
    kept = [each for each in user.former_addresses if datetime.fromisoformat(each[1]) > now - UNDO_LIFETIME]
    user.former_addresses = [*kept, [address, now.isoformat()]]


def _index_of(user: User | None, address: str) -> int | None:
    """Where an address stands among those that the account had, None where it may not take it back."""
    former = [] if user is None else [each[0] for each in user.former_addresses]
    return former.index(address) if address in former else None


def _asked(user: User, tenant: HostTenant | None) -> QuerySet[OneTimeCode]:
    return OneTimeCode.objects.filter(purpose=Purpose.EMAIL_CHANGE, user=user, tenant_id=id_of(tenant))


def _nothing_waits() -> DomainError:
    return DomainError(
        "auth.no_email_change", _("No new address waits for a code. Ask for the change again."), field="otp"
    )
