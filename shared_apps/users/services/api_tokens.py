"""Personal API tokens (S0-20, F22): making, listing, revoking. The token itself is shown once."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.scopes import ungrantable
from shared_apps.access.step_up import require_recent
from shared_apps.core.errors import ConflictError, DomainError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.users import principals, queries
from shared_apps.users.events import ApiTokenCreated, ApiTokenRevoked
from shared_apps.users.hosts import Client, HostTenant, id_of, inside
from shared_apps.users.models import ApiToken
from shared_apps.users.principals import API_TOKEN_START, digest_of
from shared_apps.users.units import identity_unit

from .notices import Notice, tell

#: Live tokens that one person may have on one host.
MAX_TOKENS: Final = 50
MAX_LIFETIME: Final = timedelta(days=366)
DEFAULT_LIFETIME: Final = timedelta(days=90)
_LETTERS: Final = string.ascii_letters + string.digits
#: Characters after the start: those that are shown, and the secret (238 bits).
_SHOWN, _HIDDEN = 8, 40


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made; ``raw`` is what a program shows, and is kept nowhere."""

    row: ApiToken
    raw: str


def create_api_token(
    *,
    actor: Actor,
    tenant: HostTenant | None,
    name: str,
    scopes: Iterable[str],
    lifetime: timedelta,
    client: Client,
) -> NewToken:
    """Make a token of the actor for this host.

    ``scopes`` are ``area:read`` or ``area:write``; ``lifetime`` is at most :data:`MAX_LIFETIME`. Raises
    DomainError naming the field for an empty name, no or ungrantable scopes, a lifetime out of bounds;
    StepUpRequired; ConflictError("api_token.too_many").
    """
    require(actor, "users.manage_api_token")
    user_id = queries.own_profile_id(actor)
    name, wanted = name.strip(), _without_doubles(scopes)
    _check(actor, name, wanted, lifetime)
    require_recent(actor)
    raw = API_TOKEN_START + "".join(secrets.choice(_LETTERS) for _each in range(_SHOWN + _HIDDEN))
    now = timezone.now()
    row = ApiToken(
        user_id=user_id,
        tenant_id=id_of(tenant),
        name=name,
        prefix=raw[: len(API_TOKEN_START) + _SHOWN],
        digest=digest_of(raw),
        scopes=wanted,
        created_at=now,
        expires_at=now + lifetime,
    )
    with identity_unit("users.create_api_token"):
        mine = queries.own_api_tokens(actor, tenant).filter(tenant_id=id_of(tenant), expires_at__gt=now)
        if mine.count() >= MAX_TOKENS:
            raise ConflictError(
                "api_token.too_many",
                _("You have %(number)s tokens here. Revoke one first.") % {"number": MAX_TOKENS},
            )
        row.save(force_insert=True)
        with inside(tenant):
            emit(ApiTokenCreated(user_id=row.user_id, key_id=row.pk, label=name, scopes=tuple(wanted)))
        tell(
            row.user_id, Notice.SECURITY_CHANGED, origin=client.origin, tenant=tenant, client=client,
            what="api_token", label=name,
        )  # fmt: skip
    return NewToken(row, raw)


def revoke_api_token(*, actor: Actor, token_id: UUID, tenant: HostTenant | None) -> None:
    """End one of the actor's tokens at once. Raises NotFoundError for what is none of theirs here."""
    require(actor, "users.manage_api_token")
    with identity_unit("users.revoke_api_token"):
        rows = queries.own_api_tokens(actor, tenant).select_for_update(of=("self",))
        row = rows.filter(pk=token_id).first()
        if row is None:
            raise NotFoundError("api_token.not_found", _("There is no such token."))
        _revoke(row, "revoked", tenant)


def revoke_api_tokens_of(
    *, user_id: int, reason: str, tenant: HostTenant | None, on: HostTenant | None = None
) -> int:
    """Step: end all tokens of a person, everywhere or ``on`` one host; platform role. Returns how many."""
    rows = ApiToken.objects.filter(user_id=user_id, revoked_at=None)
    if on is not None:
        rows = rows.filter(tenant_id=on.pk)
    found = list(rows.order_by("pk").select_for_update(of=("self",)))
    for row in found:
        _revoke(row, reason, tenant)
    return len(found)


def _revoke(row: ApiToken, reason: str, tenant: HostTenant | None) -> None:
    row.revoked_at = timezone.now()
    row.save(update_fields=["revoked_at"])
    principals.forget_session(row.pk)
    with inside(tenant):
        emit(ApiTokenRevoked(user_id=row.user_id, key_id=row.pk, reason=reason))


def _without_doubles(scopes: Iterable[str]) -> list[str]:
    """Sorted, without reading where writing is asked for."""
    wanted = set(scopes)
    return sorted(scope for scope in wanted if f"{scope.removesuffix(':read')}:write" not in wanted - {scope})


def _check(actor: Actor, name: str, scopes: list[str], lifetime: timedelta) -> None:
    if not name or len(name) > 100:
        raise DomainError(
            "api_token.name", _("Give the token a name of at most 100 characters."), field="name"
        )
    if not scopes:
        raise DomainError("api_token.scopes_empty", _("Choose at least one area."), field="scopes")
    if refused := ungrantable(actor, scopes):
        raise DomainError(
            "api_token.scope_not_grantable",
            _("You cannot give these scopes: %(scopes)s.") % {"scopes": ", ".join(refused)},
            field="scopes",
        )
    if not timedelta(0) < lifetime <= MAX_LIFETIME:
        raise DomainError(
            "api_token.lifetime",
            _("A token lives from 1 to %(days)s days.") % {"days": MAX_LIFETIME.days},
            field="expires_in_days",
        )
