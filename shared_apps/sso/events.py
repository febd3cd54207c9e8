"""What happens to an organisation's identity provider and the identities behind it."""

from __future__ import annotations

from dataclasses import dataclass

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class ProviderConfigured(Event):
    name = "sso.provider_configured"

    issuer: str
    is_active: bool


@dataclass(frozen=True, kw_only=True)
class ProviderRemoved(Event):
    """The identities that were linked through it are forgotten."""

    name = "sso.provider_removed"

    issuer: str


@dataclass(frozen=True, kw_only=True)
class IdentityLinked(Event):
    """A person logged in through the provider for the first time."""

    name = "sso.identity_linked"

    user_id: int


@dataclass(frozen=True, kw_only=True)
class IdentityRefused(Event):
    """The provider vouched for somebody who is not let in; ``reason`` is one word."""

    name = "sso.identity_refused"

    user_id: int | None
    reason: str
