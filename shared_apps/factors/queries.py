"""Reads about people's factors, in the platform role. The store is allauth.mfa's."""

from __future__ import annotations

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.db.models import QuerySet

Type = Authenticator.Type
#: What makes a log-in need a second step; recovery codes alone do not.
_FACTORS = (Type.TOTP, Type.WEBAUTHN)


def authenticators(user_id: int) -> QuerySet[Authenticator]:
    """Everything stored of one person."""
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(user_id=user_id)
    return rows.order_by("pk")


def has_factor(user_id: int) -> bool:
    """Whether a person has a second factor."""
    return authenticators(user_id).filter(type__in=_FACTORS).exists()


def passkeys(user_id: int, rp_id: str | None = None) -> list[Authenticator]:
    """A person's passkeys, or those that work for one relying party."""
    rows = authenticators(user_id).filter(type=Type.WEBAUTHN)
    return [row for row in rows if rp_id is None or row.data["rp_id"] == rp_id]


def methods_of(rows: Iterable[Authenticator], rp_id: str | None = None) -> tuple[str, ...]:
    """The ways by which these rows prove somebody, the best first: webauthn, totp, recovery_code."""
    kept = list(rows)
    found = []
    if any(row.type == Type.WEBAUTHN and rp_id in (None, row.data["rp_id"]) for row in kept):
        found.append("webauthn")
    if any(row.type == Type.TOTP for row in kept):
        found.append("totp")
    if any(row.type == Type.RECOVERY_CODES and row.data["hashes"] for row in kept):
        found.append("recovery_code")
    return tuple(found)


def recovery_codes_left(rows: Iterable[Authenticator]) -> int:
    """How many recovery codes are unused."""
    return sum(len(row.data["hashes"]) for row in rows if row.type == Type.RECOVERY_CODES)
