"""Adding and removing second factors: apps that show codes, passkeys, recovery codes."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core import signing
from shared_apps.core.context import platform_context
from shared_apps.core.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.factors import gate, queries, rules
from shared_apps.factors.events import FactorAdded, FactorRemoved, RecoveryCodesMade
from shared_apps.factors.sealing import seal_totp
from shared_apps.factors.site import Site
from shared_apps.users.hosts import Client, HostTenant, inside
from shared_apps.users.queries import own_profile_id
from shared_apps.users.services.notices import Notice, tell
from shared_apps.users.services.verification import note_verified
from shared_apps.users.units import identity_unit

from . import passkeys

Type = Authenticator.Type
_PURPOSE: Final = "totp-enrolment"
_MINUTES: Final = timedelta(minutes=15)
MAX_PASSKEYS: Final = 20


@dataclass(frozen=True, slots=True)
class TotpSetup:
    """What an app needs, and the token by which the first code is confirmed within 15 minutes."""

    token: str
    secret: str
    address: str
    picture: str


@dataclass(frozen=True, slots=True)
class Added:
    """A factor was added; ``recovery_codes`` are set with the first one, to be shown once."""

    row: Authenticator
    recovery_codes: tuple[str, ...]


def begin_totp(*, actor: Actor, site: Site) -> TotpSetup:
    """A new secret, as text, address and picture. Nothing is stored until :func:`add_totp`.

    Raises StepUpRequired; ConflictError("factor.totp_exists") where there is an app already.
    """
    require(actor, "factors.manage_factor")
    require_recent(actor)
    user_id = own_profile_id(actor)
    with platform_context():
        is_there = queries.authenticators(user_id).filter(type=Type.TOTP).exists()
    if is_there:
        raise _exists()
    return totp_setup(actor, site, base64.b32encode(secrets.token_bytes(20)).decode())


def totp_setup(actor: Actor, site: Site, secret: str) -> TotpSetup:
    """The same set-up again for a secret that the person is being shown."""
    label = f"{site.name}:{actor.email}"
    query = urlencode({"secret": secret, "issuer": site.name}, quote_via=quote)
    address = f"otpauth://totp/{quote(label)}?{query}"
    token = signing.sign(_PURPOSE, [actor.user_id, str(actor.session_id), secret])
    return TotpSetup(token, secret, address, get_adapter().build_totp_svg(address))


def setup_of(*, actor: Actor, site: Site, token: str) -> TotpSetup:
    """The set-up that a token stands for, to show it again after a wrong code. Raises ForbiddenError."""
    return totp_setup(actor, site, _secret_of(actor, token))


def add_totp(*, actor: Actor, token: str, code: str, tenant: HostTenant | None, client: Client) -> Added:
    """Make the app a second factor, once it has shown a right code.

    Raises DomainError("factor.wrong_code"), ForbiddenError for a set-up that is not the actor's or too old,
    ConflictError where there is an app already.
    """
    require(actor, "factors.manage_factor")
    user_id, secret = own_profile_id(actor), _secret_of(actor, token)
    plain = rules.plain_code(code)
    counter = None
    if rules.is_totp(plain):
        counter = rules.matching_counter(secret, plain, now=time.time(), after=-1)
    if counter is None:
        raise DomainError(
            "factor.wrong_code",
            _("This code is wrong. Check that the clock of your device is right."),
            field="code",
        )
    data = {"secret": seal_totp(secret, user_id), "last_counter": counter}
    return _add(Authenticator(user_id=user_id, type=Type.TOTP, data=data), actor, tenant, "", client)


def begin_passkey(*, actor: Actor, site: Site) -> passkeys.Ceremony:
    """What the browser needs to make a passkey. Raises StepUpRequired, ConflictError for too many."""
    require(actor, "factors.manage_factor")
    require_recent(actor)
    user_id = own_profile_id(actor)
    with platform_context():
        number = len(queries.passkeys(user_id))
    if number >= MAX_PASSKEYS:
        raise ConflictError("factor.too_many", _("You have too many passkeys. Remove one first."))
    return passkeys.begin_registration(user_id=user_id, label=actor.email, name=actor.name, site=site)


def add_passkey(
    *,
    actor: Actor,
    ceremony: str,
    credential: Any,
    label: str,
    site: Site,
    tenant: HostTenant | None,
    client: Client,
) -> Added:
    """Keep the passkey that the browser made. Raises DomainError naming ``credential`` or ``name``."""
    require(actor, "factors.manage_factor")
    user_id, label = own_profile_id(actor), label.strip()
    if not label or len(label) > 60:
        raise DomainError("factor.name", _("Give the passkey a name of at most 60 characters."), field="name")
    data = passkeys.complete_registration(
        user_id=user_id, ceremony=ceremony, credential=credential, site=site
    )
    row = Authenticator(user_id=user_id, type=Type.WEBAUTHN, data={"name": label, **data})
    return _add(row, actor, tenant, label, client)


def remove_factor(*, actor: Actor, factor_id: int, tenant: HostTenant | None, client: Client) -> None:
    """Remove an app or a passkey of the actor's; with the last one the recovery codes go too.

    Raises NotFoundError, StepUpRequired, ConflictError("factor.required") where one is required here.
    """
    require(actor, "factors.manage_factor")
    user_id = own_profile_id(actor)
    with identity_unit("factors.remove_factor"):
        rows = list(queries.authenticators(user_id).select_for_update(of=("self",)))
        factors = [row for row in rows if row.type != Type.RECOVERY_CODES]
        row = next((row for row in factors if row.pk == factor_id), None)
        if row is None:
            raise NotFoundError("factor.not_found", _("There is no such factor."))
        require_recent(actor)
        if len(factors) == 1:
            if gate.is_required(actor):
                raise ConflictError(
                    "factor.required", _("A second factor is required here. Add another one first.")
                )
            for each in rows:
                each.delete()
        else:
            row.delete()
        gate.forget(user_id)
        with inside(tenant):
            emit(FactorRemoved(user_id=user_id, method=row.type, label=row.data.get("name", "")))
        _tell(user_id, "factor_removed", _name_of(row), tenant, client)


def make_recovery_codes(*, actor: Actor, tenant: HostTenant | None, client: Client) -> tuple[str, ...]:
    """New recovery codes in the place of the old ones; shown once, kept as digests.

    Raises StepUpRequired; ForbiddenError("factor.none") without a factor that they could stand in for.
    """
    require(actor, "factors.manage_factor")
    require_recent(actor)
    user_id = own_profile_id(actor)
    with identity_unit("factors.make_recovery_codes"):
        rows = list(queries.authenticators(user_id).select_for_update(of=("self",)))
        if all(row.type == Type.RECOVERY_CODES for row in rows):
            raise ForbiddenError("factor.none", _("Set up a second factor first."))
        codes = _new_codes(user_id, rows, tenant)
        _tell(user_id, "recovery_codes", "", tenant, client)
    return codes


def _tell(user_id: int, what: str, label: str, tenant: HostTenant | None, client: Client) -> None:
    details = {"what": what, "label": label}
    tell(user_id, Notice.SECURITY_CHANGED, origin=client.origin, tenant=tenant, client=client, **details)


def _name_of(row: Authenticator) -> str:
    """What a person calls a factor, in a letter."""
    return str(row.data.get("name") or _("authenticator app"))


def _secret_of(actor: Actor, token: str) -> str:
    user_id, session_id, secret = signing.unsign(_PURPOSE, token, max_age=_MINUTES)
    if (user_id, session_id) != (actor.user_id, str(actor.session_id)):
        raise ForbiddenError("signature.invalid", _("This link is not valid here."))
    return str(secret)


def _exists() -> ConflictError:
    return ConflictError("factor.totp_exists", _("You have an authenticator app already. Remove it first."))


def _add(row: Authenticator, actor: Actor, tenant: HostTenant | None, label: str, client: Client) -> Added:
    require_recent(actor)
    with identity_unit("factors.add_factor"):
        rows = list(queries.authenticators(row.user_id).select_for_update(of=("self",)))
        if row.type == Type.TOTP and any(each.type == Type.TOTP for each in rows):
            raise _exists()
        row.save(force_insert=True)
        is_first = not any(each.type == Type.RECOVERY_CODES for each in rows)
        codes = _new_codes(row.user_id, rows, tenant) if is_first else ()
        with inside(tenant):
            emit(FactorAdded(user_id=row.user_id, method=row.type, label=label))
        _tell(row.user_id, "factor_added", _name_of(row), tenant, client)
    note_verified(actor)
    return Added(row, codes)


def _new_codes(user_id: int, rows: list[Authenticator], tenant: HostTenant | None) -> tuple[str, ...]:
    codes = tuple(rules.recovery_code(secrets.token_bytes(10)) for _each in range(rules.RECOVERY_CODES))
    row = next((row for row in rows if row.type == Type.RECOVERY_CODES), None)
    row = row or Authenticator(user_id=user_id, type=Type.RECOVERY_CODES)
    row.data = {"hashes": [rules.recovery_hash(code) for code in codes]}
    row.created_at = timezone.now()  # these codes', whatever the row was before
    row.save()
    with inside(tenant):
        emit(RecoveryCodesMade(user_id=user_id))
    return codes
