"""Tokens: one key per tenant, rotation of the secret, HS256 only."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import jwt
import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError

from shared_apps.users.tokens import PLATFORM, AccessToken, RefreshToken, tenant_claim

A, B = str(uuid4()), str(uuid4())


def session(days: float = 1) -> Any:
    return SimpleNamespace(pk=uuid4(), user_id=7, expires_at=timezone.now() + timedelta(days=days))


def access(key: str = A, /, **changes: Any) -> str:
    token = AccessToken.for_session(session(), key)
    token.payload |= changes
    return str(token)


@pytest.mark.req("S3-24", "C1", "S3-110")
def test_claims_and_lifetimes() -> None:
    made = session()
    token = AccessToken(str(AccessToken.for_session(made, A)), tid=A)
    assert (token["tid"], token.session_id, token.user_id, token["aud"]) == (A, made.pk, 7, "tradehall.api")
    assert token["exp"] - token["iat"] == 60 * 60 == django_settings.JWT_ACCESS_LIFETIME.total_seconds()
    assert timedelta(days=1) == django_settings.JWT_REFRESH_LIFETIME


def test_an_access_token_never_outlives_its_session() -> None:
    made = session(days=0.01)
    assert AccessToken.for_session(made, A)["exp"] == int(made.expires_at.timestamp())


@pytest.mark.req("F21")
def test_another_tenants_key_does_not_verify() -> None:
    for tid in (B, PLATFORM):
        with pytest.raises(TokenError):
            AccessToken(access(A), tid=tid)


def test_the_platform_has_a_key_of_its_own() -> None:
    assert tenant_claim(None) == PLATFORM
    assert AccessToken(access(PLATFORM), tid=PLATFORM)["tid"] == PLATFORM


def test_a_right_signature_over_a_foreign_tid_is_refused() -> None:
    with pytest.raises(TokenError):
        AccessToken(access(A, tid=B), tid=A)


@pytest.mark.parametrize(
    "changes",
    [{"sid": "x"}, {"sid": None}, {"user_id": "x"}, {"token_type": "refresh"}, {"exp": 1}, {"jti": None}],
)
def test_broken_claims_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(TokenError):
        AccessToken(access(A, **changes), tid=A)


@pytest.mark.parametrize("claim", ["exp", "iat", "jti", "tid", "sid", "user_id", "token_type"])
def test_every_claim_is_required(claim: str) -> None:
    token = AccessToken.for_session(session(), A)
    del token.payload[claim]
    with pytest.raises(TokenError):
        AccessToken(str(token), tid=A)


def test_refresh_and_access_are_not_interchangeable() -> None:
    refresh = RefreshToken.for_session(session(), A, jti="a" * 32, issued_at=timezone.now())
    with pytest.raises(TokenError):
        AccessToken(str(refresh), tid=A)
    with pytest.raises(TokenError):
        RefreshToken(access(A), tid=A)


def test_the_same_refresh_token_is_made_to_the_byte() -> None:
    made, now = session(), timezone.now()
    pair = [str(RefreshToken.for_session(made, A, jti="a" * 32, issued_at=now)) for _ in range(2)]
    assert pair[0] == pair[1]


@pytest.mark.req("S3-122")
def test_the_secret_can_be_rotated(settings: Any) -> None:
    old = access(A)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-key-" + "1" * 40
    assert AccessToken(old, tid=A)["tid"] == A
    new = access(A)
    settings.SECRET_KEY_FALLBACKS = []
    assert AccessToken(new, tid=A)["tid"] == A
    with pytest.raises(TokenError):
        AccessToken(old, tid=A)


@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_only_hs256(algorithm: str) -> None:
    from shared_apps.core.signing import derived_keys

    payload = AccessToken.for_session(session(), A).payload | {"aud": "tradehall.api"}
    key = None if algorithm == "none" else derived_keys("jwt", A)[0]
    with pytest.raises(TokenError):
        AccessToken(jwt.encode(payload, key, algorithm=algorithm), tid=A)
