"""Who stands behind a credential: resolved in the platform role, before any tenant is entered.

A credential (access token or browser session) names a Session row. One query finds row, user and membership;
the answer is kept in this process for at most ``CACHE_SECONDS``, so that a request costs a look-up in a
dictionary and no query. Changes made in this process show at once, those of others within that time; doors
to money and orders ask with ``fresh=True``.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError

from shared_apps.access.actors import Actor, load_actor
from shared_apps.core.context import audit_context, platform_context
from shared_apps.core.copies import own_copy

from . import second_step
from .hosts import HostTenant, id_of
from .models import ApiToken, Session, User
from .tokens import AccessToken, tenant_claim

CACHE_SECONDS: Final = 30.0
#: A refused session is asked about again after this time.
_REFUSED_SECONDS: Final = 5.0
_CACHE_LIMIT: Final = 20_000
#: How exact ``last_seen_at`` is.
_SEEN_EVERY: Final = timedelta(minutes=10)
#: Where a browser session keeps the id of its row.
SESSION_ROW_KEY: Final = "session_row"

#: What every personal API token begins with; an access token begins with ``eyJ``.
API_TOKEN_START: Final = "thp_"  # noqa: S105 - the part that is no secret

Method = Literal["jwt", "session", "api_token"]


class NotAuthentic(Exception):
    """A credential was shown and does not hold; ``code`` says why in one word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Principal:
    """A person who proved who they are on this host."""

    user: User
    actor: Actor


@dataclass(frozen=True, slots=True)
class _Known:
    """What is remembered of a session: whose it is, until when (monotonic clock). None: it was refused.

    Of an API token, ``session_id`` is the token's id, and ``scopes`` are set.
    """

    user: User | None
    session_id: UUID
    method: Method
    deadline: float
    scopes: frozenset[str] | None = None


_Key = tuple[str, str]
_cache: dict[_Key, _Known] = {}
_lock = threading.Lock()


def from_token(raw: str, tenant: HostTenant | None, *, fresh: bool = False) -> Principal:
    """The person behind an access token or a personal API token on a host. Raises NotAuthentic."""
    tid = tenant_claim(tenant)
    key = (tid, raw)
    known = None if fresh else _remembered(key)
    if known is None and raw.startswith(API_TOKEN_START):
        known = _look_up_api_token(key, raw, tenant)
    if known is None:
        try:
            token = AccessToken(raw, tid=tid)
        except TokenError as error:
            raise NotAuthentic("token_not_valid") from error
        left = token.expires_at.timestamp() - time.time()
        known = _look_up(key, token.session_id, token.user_id, tenant, "jwt", left)
    return _principal(known, tenant, fresh=fresh)


def from_browser(request: HttpRequest, tenant: HostTenant | None, *, fresh: bool = False) -> Principal | None:
    """The person behind a browser session, None for an anonymous one. Raises NotAuthentic when it ended."""
    row, user_id = request.session.get(SESSION_ROW_KEY), request.session.get(SESSION_KEY)
    if row is None or user_id is None:
        return None
    key = (tenant_claim(tenant), f"session {row} {user_id}")
    known = None if fresh else _remembered(key)
    if known is None:
        known = _look_up(key, UUID(row), int(user_id), tenant, "session", CACHE_SECONDS)
    return _principal(known, tenant, fresh=fresh)


def from_session_id(
    session_id: UUID, user_id: int, tenant: HostTenant | None, method: Method = "jwt"
) -> Principal:
    """The person behind a session that something else vouched for (a WebSocket ticket); always fresh."""
    key = (tenant_claim(tenant), f"id {session_id} {user_id}")
    known = _look_up(key, session_id, user_id, tenant, method, CACHE_SECONDS)
    return _principal(known, tenant, fresh=True)


def forget_session(session_id: UUID) -> None:
    """Drop a session (or an API token, by its id) from this process's cache, now and after the commit."""
    _forget(lambda known: known.session_id == session_id)


def forget_user(user_id: int) -> None:
    """Drop everything that is remembered of a person (role, activation, membership changed)."""
    _forget(lambda known: known.user is not None and known.user.pk == user_id)


def forget_everybody() -> None:
    """Empty this process's cache."""
    with _lock:
        _cache.clear()


def _forget(matches: Callable[[_Known], bool]) -> None:
    def drop() -> None:
        with _lock:
            for key in [key for key, known in _cache.items() if matches(known)]:
                del _cache[key]

    drop()
    transaction.on_commit(drop)  # a reader in between would have cached the old row


def _remembered(key: _Key) -> _Known | None:
    known = _cache.get(key)
    return None if known is None or known.deadline <= time.monotonic() else known


def _principal(known: _Known, tenant: HostTenant | None, *, fresh: bool) -> Principal:
    ended = "session_ended" if known.scopes is None else "api_token_not_valid"
    if known.user is None:
        raise NotAuthentic(ended)
    actor = load_actor(known.user, tenant, fresh=fresh)
    if not actor.is_authenticated:
        raise NotAuthentic(ended)
    if known.scopes is not None:
        actor = actor.by_api_token(known.scopes)
    else:
        actor = actor.by(known.method, known.session_id)
    return Principal(own_copy(known.user), second_step.limited(actor))


def _look_up(
    key: _Key, session_id: UUID, user_id: int, tenant: HostTenant | None, method: Method, left: float
) -> _Known:
    session = _live_session(session_id, user_id, tenant)
    user, seconds = None, _REFUSED_SECONDS
    if session is not None:
        user = session.user
        seconds = min(CACHE_SECONDS, left, (session.expires_at - timezone.now()).total_seconds())
        _note_seen(session)
    return _remember(key, _Known(user, session_id, method, time.monotonic() + seconds))


def _look_up_api_token(key: _Key, raw: str, tenant: HostTenant | None) -> _Known:
    token = _live_api_token(raw, tenant)
    if token is None:
        refused = _Known(None, UUID(int=0), "api_token", time.monotonic() + _REFUSED_SECONDS, frozenset())
        return _remember(key, refused)
    seconds = min(CACHE_SECONDS, (token.expires_at - timezone.now()).total_seconds())
    _note_used(token)
    scopes = frozenset(map(str, token.scopes))
    return _remember(key, _Known(token.user, token.pk, "api_token", time.monotonic() + seconds, scopes))


def _remember(key: _Key, known: _Known) -> _Known:
    with _lock:
        if len(_cache) >= _CACHE_LIMIT:
            _cache.clear()
        _cache[key] = known
    return known


def _live_api_token(raw: str, tenant: HostTenant | None) -> ApiToken | None:
    """The token with its user if everything about it holds here; one query in the platform role."""
    rows = ApiToken.objects.filter(
        digest=digest_of(raw),
        tenant_id=id_of(tenant),
        revoked_at=None,
        expires_at__gt=timezone.now(),
        user__is_active=True,
    )
    if tenant is not None:
        rows = rows.filter(user__memberships__tenant_id=tenant.pk, user__memberships__is_active=True)
    with platform_context():
        return rows.select_related("user").defer("user__password").first()


def _note_used(token: ApiToken) -> None:
    """Write the last use down, at most every ten minutes."""
    now = timezone.now()
    if token.last_used_at is not None and now - token.last_used_at < _SEEN_EVERY:
        return
    person = audit_context(actor_id=token.user_id, actor_email=token.user.email)
    with platform_context(), person, transaction.atomic():
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def digest_of(raw: str) -> str:
    """What is stored of a personal API token; it is long and random, so no salt is needed."""
    return hashlib.sha256(raw.encode()).hexdigest()


def _live_session(session_id: UUID, user_id: int, tenant: HostTenant | None) -> Session | None:
    """The session with its user if everything about it holds; one query in the platform role."""
    rows = Session.objects.filter(
        pk=session_id,
        user_id=user_id,
        tenant_id=id_of(tenant),
        revoked_at=None,
        expires_at__gt=timezone.now(),
        user__is_active=True,
    )
    if tenant is not None:
        rows = rows.filter(user__memberships__tenant_id=tenant.pk, user__memberships__is_active=True)
    with platform_context():
        found = list(rows.select_related("user").defer("user__password")[:1])
    return found[0] if found else None


def _note_seen(session: Session) -> None:
    now = timezone.now()
    if now - session.last_seen_at < _SEEN_EVERY:
        return
    stale = Session.objects.filter(pk=session.pk, last_seen_at__lt=now - _SEEN_EVERY)
    person = audit_context(actor_id=session.user_id, actor_email=session.user.email)
    with platform_context(), person, transaction.atomic():
        stale.update(last_seen_at=now)
