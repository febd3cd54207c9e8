"""Logging in by the organisation's identity provider, and naming that provider."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

import jwt
from django.core.cache import caches
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.access.actors import Actor
from shared_apps.access.catalogue import require
from shared_apps.access.step_up import require_recent
from shared_apps.core.errors import DomainError, NotFoundError
from shared_apps.core.events import emit
from shared_apps.factors import memory
from shared_apps.users.hosts import HostTenant, inside
from shared_apps.users.models import User
from shared_apps.users.queries import belongs_to
from shared_apps.users.units import identity_unit

from . import fetching, queries, rules
from .events import IdentityLinked, IdentityRefused, ProviderConfigured, ProviderRemoved
from .models import ExternalIdentity, IdentityProvider
from .rules import Description, Person, Refused
from .sealing import seal_secret, unseal_secret

_STATE: Final = "sso"
#: Seconds for which a provider's description and keys are remembered.
_DESCRIPTION_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Start:
    """Where the browser goes, and the state that must come back in the same browser."""

    address: str
    state: str


def configure_provider(
    *,
    actor: Actor,
    tenant: HostTenant,
    name: str,
    issuer: str,
    client_id: str,
    client_secret: str,
    is_active: bool,
) -> IdentityProvider:
    """Name the tenant's provider; its published description is read first.

    An empty ``client_secret`` keeps the one that is stored. Another issuer forgets the linked identities:
    its subjects are other people. Raises StepUpRequired, DomainError naming the field.
    """
    require(actor, "sso.manage_provider")
    require_recent(actor)
    values = {"name": name.strip(), "issuer": issuer.strip(), "client_id": client_id.strip()}
    known = queries.provider_of(tenant)
    if not client_secret and known is None:
        raise DomainError("sso.secret_missing", _("Give the client secret."), field="client_secret")
    for field, value in values.items():
        if not value or len(value) > (60 if field == "name" else 255):
            raise DomainError("sso.value", _("Give between 1 and 255 characters."), field=field)
    parts = urlsplit(values["issuer"])
    if parts.query or parts.fragment or not parts.hostname:
        raise DomainError("sso.issuer", _("Give the issuer's address, without ? and #."), field="issuer")
    try:
        _describe(values["issuer"], fresh=True)
    except Refused as refused:
        raise DomainError("sso.issuer_unreadable", _issuer_text(refused.reason), field="issuer") from None
    if is_active and not queries.verified_domains(tenant):
        raise DomainError(
            "sso.no_domain",
            _("Prove first that a domain is yours: only people with an address of it may log in this way."),
            field="is_active",
        )
    with identity_unit("sso.configure_provider"):
        row = IdentityProvider.objects.select_for_update(of=("self",)).filter(tenant_id=tenant.pk).first()
        if row is not None and row.issuer != values["issuer"]:
            row.identities.all().delete()
        row = row or IdentityProvider(tenant_id=tenant.pk)
        row.name, row.issuer, row.client_id = values["name"], values["issuer"], values["client_id"]
        row.is_active = is_active
        if client_secret:
            row.client_secret = seal_secret(client_secret, tenant.pk)
        row.save()
        with inside(tenant):
            emit(ProviderConfigured(issuer=row.issuer, is_active=is_active))
    return row


def remove_provider(*, actor: Actor, tenant: HostTenant) -> None:
    """Forget the provider and the identities linked through it. Raises NotFoundError, StepUpRequired."""
    require(actor, "sso.manage_provider")
    require_recent(actor)
    with identity_unit("sso.remove_provider"):
        row = IdentityProvider.objects.select_for_update(of=("self",)).filter(tenant_id=tenant.pk).first()
        if row is None:
            raise NotFoundError("sso.no_provider", _("There is no identity provider here."))
        issuer = row.issuer
        row.delete()
        with inside(tenant):
            emit(ProviderRemoved(issuer=issuer))


def begin_login(*, tenant: HostTenant, redirect_uri: str) -> Start:
    """Begin a log-in: state, nonce and PKCE verifier stay on this host for five minutes.

    Raises NotFoundError without an active provider, DomainError("sso.refused") when it cannot be reached.
    """
    provider = queries.active_provider(tenant)
    if provider is None:
        raise NotFoundError("sso.no_provider", _("There is no identity provider here."))
    nonce, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    try:
        description = _describe(provider.issuer)
    except Refused as refused:
        raise _refusal(refused.reason) from None
    state = memory.remember(
        _STATE, {"provider": provider.pk, "nonce": nonce, "verifier": verifier, "redirect_uri": redirect_uri}
    )
    address = rules.authorization_address(
        description,
        client_id=provider.client_id,
        redirect_uri=redirect_uri,
        state=state,
        nonce=nonce,
        verifier=verifier,
    )
    return Start(address, state)


def finish_login(*, tenant: HostTenant, state: str, code: str) -> User:
    """The member whom the provider vouches for. The state is spent, whatever comes of it.

    A subject that is not known yet is linked to the member with its confirmed address. Nobody is made a
    member here. Raises DomainError("sso.refused") with a text that says what to do.
    """
    started = memory.take(_STATE, state)
    provider = queries.active_provider(tenant)
    if started is None or provider is None or started["provider"] != provider.pk or not code:
        raise _refusal("state")
    try:
        claims = _claims(provider, started, code)
        person = rules.check_claims(
            claims,
            client_id=provider.client_id,
            nonce=started["nonce"],
            domains=queries.verified_domains(tenant),
        )
        return _enter(provider, person, tenant)
    except Refused as refused:
        with identity_unit("sso.log_in"), inside(tenant):
            emit(IdentityRefused(user_id=None, reason=refused.reason))
        raise _refusal(refused.reason) from None


def _enter(provider: IdentityProvider, person: Person, tenant: HostTenant) -> User:
    with identity_unit("sso.log_in"):
        linked = (
            ExternalIdentity.objects.select_related("user")
            .select_for_update(of=("self",))
            .filter(provider=provider, subject=person.subject)
            .first()
        )
        user = linked.user if linked else User.objects.filter(email=person.email).first()
        if user is None or not user.is_active or not belongs_to(user.pk, tenant.pk):
            raise Refused("no_member")
        if linked is None:
            if ExternalIdentity.objects.filter(provider=provider, user=user).exists():
                raise Refused("another_identity")
            linked = ExternalIdentity.objects.create(provider=provider, user=user, subject=person.subject)
            with inside(tenant):
                emit(IdentityLinked(user_id=user.pk))
        ExternalIdentity.objects.filter(pk=linked.pk).update(last_used_at=timezone.now())
    return user


def _claims(provider: IdentityProvider, started: dict[str, Any], code: str) -> dict[str, Any]:
    """The claims of the ID token that the code is exchanged for; signature, issuer, audience, times hold."""
    description = _describe(provider.issuer)
    secret = unseal_secret(provider.client_secret, provider.tenant_id)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": started["redirect_uri"],
        "code_verifier": started["verifier"],
    }
    # RFC 6749 section 2.3.1: both are form-encoded before they go into the header.
    auth = (quote(provider.client_id, safe=""), quote(secret, safe=""))
    answer = fetching.post_form(description.token, form, auth)
    token = answer.get("id_token") if isinstance(answer, dict) else None
    if not isinstance(token, str):
        raise Refused("token")
    try:
        return jwt.decode(
            token,
            _key(description, token),
            algorithms=list(rules.ALGORITHMS),
            audience=provider.client_id,
            issuer=provider.issuer,
            leeway=rules.LEEWAY,
            options={"require": ["iss", "aud", "exp", "iat", "sub"]},
        )
    except (jwt.PyJWTError, ValueError, TypeError):
        raise Refused("token") from None


def _key(description: Description, token: str) -> Any:
    """The provider's key that the token names; keys that were changed are asked for once more."""
    header = jwt.get_unverified_header(token)
    if header.get("alg") not in rules.ALGORITHMS:
        raise Refused("algorithm")
    for fresh in (False, True):
        keys = _remembered(f"sso:keys:{description.keys}", description.keys, fresh=fresh)
        try:
            found = jwt.PyJWKSet.from_dict(keys).keys
        except (jwt.PyJWTError, AttributeError, TypeError, ValueError):
            raise Refused("keys") from None
        for each in found:
            if each.key_id == header.get("kid") or (header.get("kid") is None and len(found) == 1):
                return each.key
    raise Refused("keys")


def _describe(issuer: str, *, fresh: bool = False) -> Description:
    address = rules.description_address(issuer)
    body = _remembered(f"sso:description:{address}", address, fresh=fresh)
    if not isinstance(body, dict):
        raise Refused("configuration")
    return rules.read_description(issuer, body)


def _remembered(key: str, address: str, *, fresh: bool) -> Any:
    cache = caches["host"]
    found = None if fresh else cache.get(key)
    if found is None:
        found = fetching.get_json(address)
        cache.set(key, found, _DESCRIPTION_SECONDS)
    return found


def _refusal(reason: str) -> DomainError:
    texts = {
        "state": _("This log-in took too long or was begun in another browser. Start again."),
        "network": _("The identity provider does not answer. Try again, or log in with your password."),
        "email_not_verified": _("Your identity provider has not confirmed your e-mail address."),
        "domain": _("Your address is not of a domain of this organisation."),
        "no_member": _("You are no member here yet. Ask for an invitation."),
        "another_identity": _("Your account is linked to another identity. Ask the owner."),
        "denied": _("The identity provider did not let you through."),
    }
    text = texts.get(reason, _("The identity provider's answer was not accepted. Tell the owner."))
    return DomainError("sso.refused", text, details={"reason": reason})


def wrong_state() -> DomainError:
    """The browser did not begin the log-in that it wants to finish."""
    return _refusal("state")


def denied() -> DomainError:
    """The provider sent the person back without a code."""
    return _refusal("denied")


def _issuer_text(reason: str) -> str:
    texts = {
        "issuer": _("The description found there names another issuer. Copy it letter by letter."),
        "address": _("This address is not allowed: it must be https and public."),
        "configuration": _("The description found there is incomplete."),
    }
    return texts.get(reason, _("No description was found there. Is the address right?"))
