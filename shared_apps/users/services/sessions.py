"""Renewing and ending sessions."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework_simplejwt.exceptions import TokenError

from shared_apps.access.actors import Actor
from shared_apps.access.step_up import require_recent
from shared_apps.core.errors import NotFoundError, UnauthenticatedError
from shared_apps.core.events import emit
from shared_apps.core.signing import derived_keys
from shared_apps.users import codes, principals, queries
from shared_apps.users.events import SessionRevoked
from shared_apps.users.hosts import Client, HostTenant, id_of, inside
from shared_apps.users.models import Session, User
from shared_apps.users.options import (
    LOGIN_LIFETIME,
    PENDING_LIFETIME,
    REFRESH_GRACE,
    REFRESH_TOKEN_LIFETIME,
)
from shared_apps.users.tokens import AccessToken, RefreshToken, hash_of, tenant_claim
from shared_apps.users.units import identity_unit

from . import exports
from .api_tokens import revoke_api_tokens_of
from .login import TokenPair


def refresh(*, token: str, client: Client, tenant: HostTenant | None) -> TokenPair:
    """Exchange a refresh token for a new pair; each is good once (S3-110).

    The next token's id is an HMAC of this one's, so the exchange can be repeated and gives the same refresh
    token again: a client that lost the answer, or sent the request twice at once, may repeat it for
    ``REFRESH_GRACE`` from the same address and program, and there is still one family. Any other use of a
    spent token means that it was copied: the whole family ends. Raises UnauthenticatedError for a token that
    does not hold here.
    """
    tid = tenant_claim(tenant)
    try:
        shown = RefreshToken(token, tid=tid)
    except TokenError as error:
        raise _not_valid() from error
    now = timezone.now()
    with identity_unit("auth.refresh"):
        session = _lock_live_session(shown, tenant, now)
        pair = None
        if session is not None:
            pair = _exchange(session, shown.jti, tid, client, now)
            if pair is None:
                _end(session, "refresh_reused", tenant, now)
    if pair is None:
        raise _not_valid()
    return pair


def _not_valid() -> UnauthenticatedError:
    return UnauthenticatedError(
        "auth.refresh_not_valid", _("The refresh token is not valid here. Log in again."), field="refresh"
    )


def _lock_live_session(shown: RefreshToken, tenant: HostTenant | None, now: datetime) -> Session | None:
    rows = Session.objects.select_for_update(of=("self",)).filter(
        pk=shown.session_id,
        user_id=shown.user_id,
        kind=Session.Kind.API,
        tenant_id=id_of(tenant),
        revoked_at=None,
        expires_at__gt=now,
        user__is_active=True,
    )
    session = rows.select_related("user").defer("user__password").first()
    if session is None or (tenant is not None and not queries.belongs_to(session.user_id, tenant.pk)):
        return None
    return session


def _exchange(session: Session, jti: str, tid: str, client: Client, now: datetime) -> TokenPair | None:
    """A new pair, the same pair again within the grace, or None: the token was spent before."""
    following = _next_jti(jti, tid)
    if hmac.compare_digest(hash_of(jti), session.refresh_hash):
        session.previous_refresh_hash, session.refresh_hash = session.refresh_hash, hash_of(following)
        session.rotated_at = session.last_seen_at = now
        last_day = session.created_at + LOGIN_LIFETIME.value()
        session.expires_at = min(now + REFRESH_TOKEN_LIFETIME.value(), last_day)
        session.user_agent, session.remote_addr = client.user_agent, client.remote_addr
        session.save(
            update_fields=[
                "previous_refresh_hash", "refresh_hash", "rotated_at", "last_seen_at", "expires_at",
                "user_agent", "remote_addr",
            ]
        )  # fmt: skip
    elif not _is_repeated(session, jti, following, client, now):
        return None
    issued_at = session.rotated_at or now
    new = RefreshToken.for_session(session, tid, jti=following, issued_at=issued_at)
    return TokenPair(str(AccessToken.for_session(session, tid)), str(new), session)


def _next_jti(jti: str, tid: str) -> str:
    key = derived_keys("refresh-chain", tid)[0]
    return hmac.new(key, jti.encode(), hashlib.sha256).hexdigest()[:32]


def _is_repeated(session: Session, jti: str, following: str, client: Client, now: datetime) -> bool:
    return (
        hmac.compare_digest(hash_of(jti), session.previous_refresh_hash)
        and hmac.compare_digest(hash_of(following), session.refresh_hash)
        and session.rotated_at is not None
        and now - session.rotated_at <= REFRESH_GRACE.value()
        and (session.remote_addr, session.user_agent) == (client.remote_addr, client.user_agent)
    )


def log_out(*, actor: Actor, tenant: HostTenant | None) -> None:
    """End the session that the actor is using. Ending an ended one changes nothing."""
    if actor.session_id is None:
        return
    now = timezone.now()
    with identity_unit("auth.log_out"):
        for session in _lock(Session.objects.filter(pk=actor.session_id, revoked_at=None)):
            _end(session, "logged_out", tenant, now)


def log_out_by_token(*, token: str, tenant: HostTenant | None) -> None:
    """End the family of a refresh token, for a client whose access token has expired.

    A token that does not hold here ends nothing and is no error: the client is logged out either way.
    """
    try:
        shown = RefreshToken(token, tid=tenant_claim(tenant))
    except TokenError:
        return
    with identity_unit("auth.log_out"):
        session = _lock_live_session(shown, tenant, timezone.now())
        if session is not None:
            _end(session, "logged_out", tenant, timezone.now())


def revoke_session(*, actor: Actor, session_id: UUID, tenant: HostTenant | None) -> None:
    """End one of the actor's own sessions. Raises NotFoundError for what is none of theirs here."""
    with identity_unit("auth.revoke_session"):
        found = _lock(queries.own_sessions(actor, tenant).filter(pk=session_id))
        if not found:
            raise NotFoundError("session.not_found", _("There is no such session."))
        _end(found[0], "revoked", tenant, timezone.now())


def revoke_all_sessions(*, actor: Actor, tenant: HostTenant | None, keep_current: bool = False) -> int:
    """End the actor's sessions: those of a tenant on its host, all on the platform's. Returns how many.

    Raises StepUpRequired where others would end without the one in use: that is how a thief stays alone.
    """
    if keep_current:
        require_recent(actor)
    with identity_unit("auth.revoke_session"):
        rows = queries.own_sessions(actor, tenant)
        if keep_current and actor.session_id is not None:
            rows = rows.exclude(pk=actor.session_id)
        found = _lock(rows)
        for session in found:
            _end(session, "revoked", tenant, timezone.now())
    return len(found)


def end_sessions_of(user: User, *, reason: str, tenant: HostTenant | None, keep: UUID | None = None) -> int:
    """Step: end every session of a person, wherever it was opened, but the one to ``keep``."""
    rows = Session.objects.filter(user=user, revoked_at=None)
    found = _lock(rows if keep is None else rows.exclude(pk=keep))
    for session in found:
        _end(session, reason, tenant, timezone.now())
    return len(found)


def end_sessions_in(*, user_id: int, tenant: HostTenant, reason: str) -> int:
    """Step: end every session that a person opened on one tenant's host (they left it), and API tokens."""
    found = _lock(Session.objects.filter(user_id=user_id, tenant_id=tenant.pk, revoked_at=None))
    for session in found:
        _end(session, reason, tenant, timezone.now())
    revoke_api_tokens_of(user_id=user_id, reason=reason, tenant=tenant, on=tenant)
    principals.forget_user(user_id)
    return len(found)


def purge_ended(*, before: datetime) -> int:
    """Delete sessions that ended before a time, and codes nobody brought; what they did stays in the log.

    Returns how many rows went.
    """
    with identity_unit("auth.purge_sessions"):
        codes.forget_old(timezone.now() - PENDING_LIFETIME.value())
        exports.purge_exports(timezone.now())
        return Session.objects.filter(expires_at__lt=before).delete()[0]


def _lock(rows: QuerySet[Session]) -> list[Session]:
    return list(rows.order_by("pk").select_for_update(of=("self",)))


def _end(session: Session, reason: str, tenant: HostTenant | None, now: datetime) -> None:
    session.revoked_at, session.revoked_reason, session.push_token = now, reason, ""
    session.save(update_fields=["revoked_at", "revoked_reason", "push_token"])
    principals.forget_session(session.pk)
    with inside(tenant):
        emit(SessionRevoked(user_id=session.user_id, session_id=session.pk, reason=reason))
