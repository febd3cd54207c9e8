"""JSON web tokens that hold in one tenant only.

simplejwt knows one global key; here every tenant signs with a key derived for it alone, so a token of
tenant A does not even verify on B's host (attack table, row 1). ``tid`` says the tenant once more inside,
``sid`` names the :class:`~shared_apps.users.models.Session` that can be revoked, ``aud`` keeps the two kinds
apart. HS256 and nothing else.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from rest_framework_simplejwt import tokens as simplejwt
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError, TokenBackendExpiredToken, TokenError

from shared_apps.core.signing import derived_keys

from .hosts import HostTenant
from .models import Session
from .options import ACCESS_TOKEN_LIFETIME

ALGORITHM = "HS256"
#: ``tid`` of tokens for the platform's host.
PLATFORM = "platform"


def tenant_claim(tenant: HostTenant | None) -> str:
    """What ``tid`` says for a host: the tenant's UUID, or ``platform``."""
    return PLATFORM if tenant is None else str(tenant.uuid)


class KeyRing(TokenBackend):
    """simplejwt's backend with several keys: the first signs, all verify."""

    def __init__(self, keys: tuple[bytes, ...], audience: str) -> None:
        super().__init__(ALGORITHM, audience=audience)
        self.keys = keys

    def encode(self, payload: dict[str, Any]) -> str:
        return jwt.encode({**payload, "aud": self.audience}, self.keys[0], algorithm=ALGORITHM)

    def decode(self, token: Any, verify: bool = True) -> dict[str, Any]:
        """The claims. Raises TokenBackendError unless signature, algorithm, audience and times hold."""
        if not verify:
            raise TokenBackendError(_("Token is invalid"))
        for key in self.keys:
            try:
                return jwt.decode(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    audience=self.audience,
                    options={"require": ["exp", "iat", "aud", "jti", "tid", "sid", "user_id", "token_type"]},
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError as error:
                raise TokenBackendExpiredToken(_("Token is expired")) from error
            except jwt.InvalidTokenError as error:
                raise TokenBackendError(_("Token is invalid")) from error
        raise TokenBackendError(_("Token is invalid"))


@lru_cache(maxsize=8192)
def _key_ring(keys: tuple[bytes, ...], audience: str) -> KeyRing:
    return KeyRing(keys, audience)


class TenantToken(simplejwt.Token):
    """A token of one tenant; ``tid`` decides which key is used and must be what the token says."""

    audience = ""

    def __init__(self, token: Any = None, verify: bool = True, *, tid: str) -> None:
        self.tid = tid
        super().__init__(token, verify)

    def get_token_backend(self) -> TokenBackend:
        return _key_ring(tuple(derived_keys("jwt", self.tid)), self.audience)

    def verify(self) -> None:
        super().verify()
        if self.payload.get("tid") != self.tid:
            raise TokenError(_("Token is invalid"))
        try:
            UUID(self.payload["sid"]), int(self.payload["user_id"])
        except (TypeError, ValueError, AttributeError):
            raise TokenError(_("Token is invalid")) from None

    @property
    def session_id(self) -> UUID:
        return UUID(self.payload["sid"])

    @property
    def user_id(self) -> int:
        return int(self.payload["user_id"])

    @property
    def jti(self) -> str:
        return str(self.payload["jti"])

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self.payload["exp"], tz=UTC)

    @classmethod
    def _for_session(cls, session: Session, tid: str) -> Any:
        token = cls(tid=tid)
        token.payload |= {"tid": tid, "sid": str(session.pk), "user_id": str(session.user_id)}
        return token


class AccessToken(TenantToken):
    """What a client shows with every request; it lives an hour and needs its session to live too."""

    token_type = "access"  # noqa: S105 - a kind of token
    lifetime: timedelta = settings.JWT_ACCESS_LIFETIME
    audience = "tradehall.api"

    @classmethod
    def for_session(cls, session: Session, tid: str) -> AccessToken:
        """An access token of a live session; it never outlives the session."""
        token: AccessToken = cls._for_session(session, tid)
        token.set_exp(lifetime=ACCESS_TOKEN_LIFETIME.value())
        if session.expires_at < token.expires_at:
            token.payload["exp"] = int(session.expires_at.timestamp())
        return token


class RefreshToken(TenantToken):
    """Good for one exchange against a new pair; only the hash of its id is stored."""

    token_type = "refresh"  # noqa: S105 - a kind of token
    lifetime: timedelta = settings.JWT_REFRESH_LIFETIME
    audience = "tradehall.refresh"

    @classmethod
    def for_session(cls, session: Session, tid: str, *, jti: str, issued_at: datetime) -> RefreshToken:
        """The session's refresh token with that id: the same arguments give the same token, to the byte."""
        token: RefreshToken = cls._for_session(session, tid)
        token.payload |= {
            "jti": jti,
            "iat": int(issued_at.timestamp()),
            "exp": int(session.expires_at.timestamp()),
        }
        return token


def hash_of(jti: str) -> str:
    """What is stored of a refresh token's id."""
    return hashlib.sha256(jti.encode()).hexdigest()
