"""WebAuthn ceremonies on Yubico's fido2, with the host's own origin and relying party.

A challenge is kept on the host for five minutes and good once. The origin must be exactly the host's own: a
passkey that serves all subdomains still answers each of them only for itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from allauth.mfa.models import Authenticator
from django.utils import timezone
from django.utils.translation import gettext as _
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from shared_apps.core.context import platform_context
from shared_apps.core.errors import DomainError
from shared_apps.factors import memory, queries
from shared_apps.factors.site import Site
from shared_apps.users.models import User
from shared_apps.users.units import identity_unit

_REGISTER: Final = "passkey-register"
_ASSERT: Final = "passkey-assert"
#: What fido2 raises for answers that do not hold, or are none.
_MALFORMED: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError)
_VERIFIED: Final = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Ceremony:
    """``options`` go to ``navigator.credentials`` in the browser, ``token`` comes back with its answer."""

    token: str
    options: dict[str, Any]


def begin_registration(*, user_id: int, label: str, name: str, site: Site) -> Ceremony:
    """Options for a new passkey of a person; those they have for this relying party are excluded."""
    user = PublicKeyCredentialUserEntity(id=str(user_id).encode(), name=label, display_name=name or label)
    options, state = _server(site).register_begin(
        user,
        credentials=_known(user_id, site),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_VERIFIED,
    )
    return Ceremony(_remember(_REGISTER, user_id, state), _plain(options))


def complete_registration(*, user_id: int, ceremony: str, credential: Any, site: Site) -> dict[str, Any]:
    """What is stored of a passkey that the browser made. Raises DomainError("factor.passkey_refused")."""
    state = _state(_REGISTER, ceremony, user_id)
    try:
        if state is None:
            raise ValueError("no such ceremony")
        made = _server(site).register_complete(state, RegistrationResponse.from_dict(credential))
        if made.credential_data is None:
            raise ValueError("no credential")
    except _MALFORMED:
        raise DomainError(
            "factor.passkey_refused", _("This passkey was not accepted. Try again."), field="credential"
        ) from None
    return {"rp_id": site.rp_id, "credential": bytes(made.credential_data).hex(), "sign_count": made.counter}


def begin_assertion(*, site: Site, user_id: int | None = None) -> Ceremony:
    """Options for showing a passkey: any of this site's, or one of a known person's."""
    known = None if user_id is None else _known(user_id, site)
    if known == []:
        raise DomainError("factor.no_passkey_here", _("You have no passkey for this address. Use a code."))
    options, state = _server(site).authenticate_begin(credentials=known, user_verification=_VERIFIED)
    return Ceremony(_remember(_ASSERT, user_id, state), _plain(options))


def verify(*, ceremony: str, assertion: Any, site: Site, user_id: int | None) -> int | None:
    """The id of the person whose passkey answered the ceremony's challenge here; None if nothing holds.

    ``user_id`` says whose it must be; without it the passkey names its owner. A counter that does not grow
    means a copied key: refused.
    """
    state = _state(_ASSERT, ceremony, user_id)
    if state is None:
        return None
    try:
        shown = AuthenticationResponse.from_dict(assertion)
        owner = _owner(shown) if user_id is None else user_id
    except _MALFORMED:
        return None
    with platform_context():
        rows = queries.passkeys(owner, site.rp_id)
    known = {_credential(row).credential_id: row for row in rows}
    try:
        used = _server(site).authenticate_complete(state, [_credential(row) for row in rows], shown)
    except _MALFORMED:
        return None
    row = known[used.credential_id]
    return owner if _note_use(row.pk, owner, shown.response.authenticator_data) else None


def _note_use(row_id: int, owner: int, shown: AuthenticatorData) -> bool:
    with identity_unit("auth.passkey", user=_user(owner)):
        row = queries.authenticators(owner).select_for_update(of=("self",)).filter(pk=row_id).first()
        if row is None:
            return False
        before: int = row.data["sign_count"]
        if (before or shown.counter) and shown.counter <= before:
            return False
        row.data = {**row.data, "sign_count": shown.counter}
        row.last_used_at = timezone.now()
        row.save(update_fields=["data", "last_used_at"])
    return True


def _user(user_id: int) -> User | None:
    with platform_context():
        user: User | None = User.objects.filter(pk=user_id).first()
        return user


def _owner(shown: AuthenticationResponse) -> int:
    handle = shown.response.user_handle
    if not handle:
        raise ValueError("no user handle")
    return int(handle.decode("ascii"))


def _server(site: Site) -> Fido2Server:
    party = PublicKeyCredentialRpEntity(id=site.rp_id, name=site.name)
    return Fido2Server(party, verify_origin=lambda origin: origin == site.origin)


def _known(user_id: int, site: Site) -> list[AttestedCredentialData]:
    with platform_context():
        return [_credential(row) for row in queries.passkeys(user_id, site.rp_id)]


def _credential(row: Authenticator) -> AttestedCredentialData:
    return AttestedCredentialData(bytes.fromhex(row.data["credential"]))


def _plain(options: Any) -> dict[str, Any]:
    """Options as JSON has them: bytes in base64url, enumerations as their words."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(options)))["publicKey"]
    return plain


def _remember(kind: str, user_id: int | None, state: Any) -> str:
    value = {"challenge": state["challenge"], "user_id": user_id}
    websafe_decode(value["challenge"])
    return memory.remember(kind, value)


def _state(kind: str, token: str, user_id: int | None) -> dict[str, Any] | None:
    value = memory.take(kind, token)
    if value is None or value["user_id"] != user_id:
        return None
    return {"challenge": value["challenge"], "user_verification": _VERIFIED}
