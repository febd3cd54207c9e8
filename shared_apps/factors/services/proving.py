"""Judging a proof: codes of an app, recovery codes, passkeys. Tries are limited, codes good once."""

from __future__ import annotations

import time
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.core import throttling
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, TooManyRequestsError
from shared_apps.core.events import emit
from shared_apps.factors import gate, memory, queries, rules
from shared_apps.factors.events import IdentityConfirmed, RecoveryCodeUsed, SecondFactorFailed
from shared_apps.factors.sealing import unseal_totp
from shared_apps.factors.site import Site
from shared_apps.users.hosts import Client, HostTenant, inside
from shared_apps.users.models import User
from shared_apps.users.queries import belongs_to
from shared_apps.users.services.notices import Notice, tell
from shared_apps.users.services.verification import note_verified, password_is_right
from shared_apps.users.units import identity_unit

from . import passkeys

Type = Authenticator.Type
#: Event of one kind for one person, at most once a minute.
_FAILED: Final = "login_failed_event"


class ChallengeOver(DomainError):
    """A challenge that is over, unknown or of another host: the log-in begins anew."""

    def __init__(self) -> None:
        super().__init__(
            "auth.challenge_not_valid",
            _("This log-in took too long or failed too often. Start again."),
            field="challenge_token",
        )


def finish_login(
    *, token: str, tenant: HostTenant | None, site: Site, client: Client, code: str = "",
    assertion: Any = None, ceremony: str = "",
) -> User:  # fmt: skip
    """The second step of a log-in: the person whose challenge this is, once it is met by a code or passkey.

    A wrong answer costs one of five tries of the challenge and one of the person's. Raises
    ChallengeOver for a challenge that is over, of another host, or whose
    person was shut out meanwhile; DomainError("factor.wrong_code"); TooManyRequestsError.
    """
    waiting = memory.look(gate.LOGIN, token)
    user = None if waiting is None else _person(waiting["user_id"], tenant)
    if user is None:
        raise ChallengeOver
    try:
        if assertion is None:
            _prove_by_code(user, code, tenant, client)
        else:
            _prove_by_passkey(user, ceremony, assertion, site, tenant)
    except DomainError as error:
        if not isinstance(error, TooManyRequestsError):
            memory.count_try(gate.LOGIN, token)
        raise
    if memory.take(gate.LOGIN, token) is None:
        raise ChallengeOver
    return user


def login_by_passkey(*, ceremony: str, assertion: Any, site: Site, tenant: HostTenant | None) -> User:
    """A log-in by passkey alone: it is something one has, opened by something one knows or is.

    Raises DomainError("auth.passkey_refused") with one text for everything that does not hold, a
    person who is no member here included.
    """
    user_id = passkeys.verify(ceremony=ceremony, assertion=assertion, site=site, user_id=None)
    user = None if user_id is None else _person(user_id, tenant)
    if user is None:
        raise DomainError(
            "auth.passkey_refused", _("This passkey does not open an account here."), field="credential"
        )
    return user


def confirm_identity(
    *, actor: Actor, tenant: HostTenant | None, site: Site, client: Client, password: str = "",
    code: str = "", assertion: Any = None, ceremony: str = "",
) -> str:  # fmt: skip
    """Prove again who the actor is, for the next five minutes. Returns the way it was done.

    Who has a second factor shows it; the password counts for people without one. Raises DomainError naming
    the field, TooManyRequestsError.
    """
    require(actor, "factors.confirm_identity")
    with platform_context():
        user = _person(actor.user_id or 0, tenant)
        enrolled = user is not None and queries.has_factor(user.pk)
    if user is None or actor.session_id is None:
        raise ChallengeOver
    if assertion is not None:
        method = _prove_by_passkey(user, ceremony, assertion, site, tenant)
    elif enrolled:
        method = _prove_by_code(user, code, tenant, client)
    else:
        method = _prove_by_password(actor, user, password, tenant)
    note_verified(actor)
    with identity_unit("auth.step_up", user=user), inside(tenant):
        emit(IdentityConfirmed(user_id=user.pk, method=method))
    return method


def _person(user_id: int, tenant: HostTenant | None) -> User | None:
    with platform_context():
        user: User | None = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None or (tenant is not None and not belongs_to(user.pk, tenant.pk)):
            return None
    return user


def _count(user: User) -> None:
    """One more try of a person; who knows the password may not guess codes for long."""
    seconds = throttling.hit("second_factor", str(user.pk))
    if seconds is None:
        return
    minutes = -(-seconds // 60)
    text = ngettext(
        "Too many attempts. Try again in %(minutes)s minute.",
        "Too many attempts. Try again in %(minutes)s minutes.",
        minutes,
    )
    raise TooManyRequestsError("throttled", text % {"minutes": minutes}, retry_after=seconds)


def _failed(user: User, tenant: HostTenant | None, field: str, text: str, code: str) -> DomainError:
    if throttling.hit(_FAILED, "second", str(user.pk)) is None:
        with identity_unit("auth.second_factor", user=user), inside(tenant):
            emit(SecondFactorFailed(user_id=user.pk))
    return DomainError(code, text, field=field)


def _prove_by_code(user: User, code: str, tenant: HostTenant | None, client: Client) -> str:
    _count(user)
    plain = rules.plain_code(code)
    with identity_unit("auth.second_factor", user=user):
        rows = list(queries.authenticators(user.pk).select_for_update(of=("self",)))
        if rules.is_totp(plain):
            method = _use_totp(rows, plain)
        else:
            method = _use_recovery(rows, plain, tenant, client)
    if not method:
        text = _("This code is wrong, or was used already.")
        raise _failed(user, tenant, "code", text, "factor.wrong_code")
    return method


def _use_totp(rows: list[Authenticator], code: str) -> str:
    row = next((row for row in rows if row.type == Type.TOTP), None)
    if row is None:
        return ""
    secret = unseal_totp(row.data["secret"], row.user_id)
    counter = rules.matching_counter(secret, code, now=time.time(), after=row.data["last_counter"])
    if counter is None:
        return ""
    row.data = {**row.data, "last_counter": counter}
    row.last_used_at = timezone.now()
    row.save(update_fields=["data", "last_used_at"])
    return "totp"


def _use_recovery(rows: list[Authenticator], code: str, tenant: HostTenant | None, client: Client) -> str:
    row = next((row for row in rows if row.type == Type.RECOVERY_CODES), None)
    hashed = rules.recovery_hash(code)
    if row is None or hashed not in row.data["hashes"]:
        return ""
    left = [each for each in row.data["hashes"] if each != hashed]
    row.data = {**row.data, "hashes": left}
    row.last_used_at = timezone.now()
    row.save(update_fields=["data", "last_used_at"])
    with inside(tenant):
        emit(RecoveryCodeUsed(user_id=row.user_id, left=len(left)))
    tell(
        row.user_id, Notice.SECURITY_CHANGED, origin=client.origin, tenant=tenant, client=client,
        what="recovery_code_used", label=str(len(left)),
    )  # fmt: skip
    return "recovery_code"


def _prove_by_passkey(
    user: User, ceremony: str, assertion: Any, site: Site, tenant: HostTenant | None
) -> str:
    _count(user)
    found = passkeys.verify(ceremony=ceremony, assertion=assertion, site=site, user_id=user.pk)
    if found is None:
        text = _("This passkey was not accepted. Try again, or use a code.")
        raise _failed(user, tenant, "credential", text, "factor.passkey_refused")
    return "webauthn"


def _prove_by_password(actor: Actor, user: User, password: str, tenant: HostTenant | None) -> str:
    _count(user)
    if not password_is_right(actor, password):
        raise _failed(user, tenant, "password", _("The password is wrong."), "auth.wrong_password")
    return "password"
