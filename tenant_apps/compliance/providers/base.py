"""The port to whoever checks identities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What a provider may say; UNSURE asks for a person of the staff, PENDING to be asked again."""

    APPROVED = "approved"
    REJECTED = "rejected"
    UNSURE = "unsure"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Application:
    """What a person shows. ``reference`` names the case to the provider; asking twice with it is harmless."""

    reference: str
    legal_name: str
    birth_date: date
    country: str
    document_kind: str
    document_number: str
    document_expires_on: date
    pictures: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The provider's answer; ``reason`` is a short text for the person, only where it is a no."""

    outcome: Outcome
    provider_reference: str = ""
    reason: str = ""


class ProviderUnavailable(Exception):
    """No answer; the question may be repeated."""


class IdentityProvider(Protocol):
    """Checks identities, outside of every transaction."""

    name: str
    is_simulated: bool

    def check(self, application: Application) -> Verdict:
        """Submit, or ask again for the same reference. Raises ProviderUnavailable."""
        ...


_PROVIDERS: dict[str, IdentityProvider] = {}


def register_provider(provider: IdentityProvider) -> None:
    """Make a provider known by its name."""
    _PROVIDERS[provider.name] = provider


def get_provider(name: str) -> IdentityProvider:
    """The provider of that name. Raises KeyError."""
    return _PROVIDERS[name]
