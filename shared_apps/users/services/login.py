"""Logging in: the check of a password and the session that follows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.core import throttling
from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError, ForbiddenError
from shared_apps.core.events import emit
from shared_apps.users import second_step
from shared_apps.users.events import LoginFailed, UserLoggedIn
from shared_apps.users.hosts import Client, HostTenant, client_of, host_tenant, id_of, inside
from shared_apps.users.models import Session, User
from shared_apps.users.options import REFRESH_TOKEN_LIFETIME
from shared_apps.users.second_step import Proof
from shared_apps.users.tokens import AccessToken, RefreshToken, hash_of, tenant_claim
from shared_apps.users.units import identity_unit

from . import lockout, notices


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What an API client gets: both tokens, and the session they belong to."""

    access: str
    refresh: str
    session: Session


def check_credentials(*, request: HttpRequest, identifier: str, password: str) -> User:
    """The person that a name or e-mail and a password belong to, on the request's host.

    Raises DomainError("auth.invalid_credentials") with one text and, within noise, one time for a wrong
    password, an unknown name, an inactive person and somebody who is no member here; TooManyRequestsError
    after too many wrong passwords for that name, whoever tries.
    """
    lockout.require_open(identifier)
    user = authenticate(request, username=identifier, password=password)
    if isinstance(user, User):
        lockout.note_success(identifier)
        return user
    _note_failure(identifier=identifier, client=client_of(request), tenant=host_tenant(request))
    raise DomainError(
        "auth.invalid_credentials", _("The user name, e-mail or password is wrong."), field="password"
    )


def open_api_session(
    *,
    user: User,
    client: Client,
    tenant: HostTenant | None,
    proof: Proof = Proof.PASSWORD,
) -> TokenPair:
    """Start a refresh family for somebody whose credentials were checked.

    Raises ForbiddenError where a second factor is due and ``proof`` is none.
    """
    _require_second_factor(user, proof)
    now, jti = timezone.now(), uuid.uuid4().hex
    expires_at = now + REFRESH_TOKEN_LIFETIME.value()
    session = _open(Session.Kind.API, user, client, tenant, now, expires_at, proof, hash_of(jti))
    tid = tenant_claim(tenant)
    refresh = RefreshToken.for_session(session, tid, jti=jti, issued_at=now)
    return TokenPair(str(AccessToken.for_session(session, tid)), str(refresh), session)


def open_browser_session(
    *,
    user: User,
    client: Client,
    tenant: HostTenant | None,
    seconds: int,
    proof: Proof = Proof.PASSWORD,
) -> Session:
    """Write the row of a browser session that lives ``seconds``; the web door sets the cookie.

    Raises ForbiddenError as :func:`open_api_session` does.
    """
    _require_second_factor(user, proof)
    now = timezone.now()
    expires_at = now + timedelta(seconds=seconds)
    return _open(Session.Kind.BROWSER, user, client, tenant, now, expires_at, proof)


def _require_second_factor(user: User, proof: Proof) -> None:
    with platform_context():
        due = proof in (Proof.PASSWORD, Proof.VOUCHED) and second_step.is_due(user.pk)
    if due:
        raise ForbiddenError("auth.second_factor_due", _("The second factor is missing."))


def _require_unchanged(user: User) -> None:
    """Step: whoever changed or reset the password, or shut the account, since it was checked has ended the
    sessions there were: none may begin after that with what was checked before."""
    rows = User.objects.select_for_update(of=("self",), no_key=True)
    if not rows.filter(pk=user.pk, is_active=True, password=user.password).exists():
        raise DomainError(
            "auth.invalid_credentials", _("The user name, e-mail or password is wrong."), field="password"
        )


def _open(
    kind: Session.Kind,
    user: User,
    client: Client,
    tenant: HostTenant | None,
    now: datetime,
    expires_at: datetime,
    proof: Proof,
    refresh_hash: str = "",
) -> Session:
    session = Session(
        user=user,
        tenant_id=id_of(tenant),
        kind=kind,
        refresh_hash=refresh_hash,
        rotated_at=now if refresh_hash else None,
        user_agent=client.user_agent,
        remote_addr=client.remote_addr,
        created_at=now,
        last_seen_at=now,
        verified_at=None if proof in (Proof.HANDED_OVER, Proof.VOUCHED) else now,
        expires_at=expires_at,
    )
    with identity_unit("auth.log_in", user=user):
        _require_unchanged(user)
        session.save(force_insert=True)
        notices.tell_of_new_device(session, user, client, tenant)
        User.objects.filter(pk=user.pk).update(last_login=now)
        with inside(tenant):
            emit(UserLoggedIn(user_id=user.pk, session_id=session.pk, kind=str(kind)))
    user.last_login = now
    return session


def _note_failure(*, identifier: str, client: Client, tenant: HostTenant | None) -> None:
    """Tell the host's log, at most once a minute for the same name and address."""
    with platform_context():
        known = User.objects.filter(email=identifier.lower()) | User.objects.filter(username=identifier)
        user_id = known.values_list("pk", flat=True).first()
    lockout.note_failure(identifier=identifier, user_id=user_id, client=client, tenant=tenant)
    if throttling.hit("login_failed_event", identifier.lower(), client.remote_addr or "") is not None:
        return
    with identity_unit("auth.log_in"), inside(tenant):
        emit(LoginFailed(user_id=user_id))
