"""What happens to the configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class OptionChanged(Event):
    """An option got another value, or (``after`` None) the wider one again."""

    name = "configuration.option_changed"

    option: str
    level: str
    plan: str
    tenant_id: int | None
    before: Any
    after: Any
    reason: str


@dataclass(frozen=True, kw_only=True)
class DomainAdded(Event):
    """An organisation says that a domain is its own."""

    name = "configuration.domain_added"

    domain: str


@dataclass(frozen=True, kw_only=True)
class DomainStateChanged(Event):
    """A domain was verified, or has failed: it leads to the organisation, or no longer does."""

    name = "configuration.domain_state_changed"

    domain: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class DomainRemoved(Event):
    """An organisation gave a domain up."""

    name = "configuration.domain_removed"

    domain: str


@dataclass(frozen=True, kw_only=True)
class PrimaryDomainChanged(Event):
    """Another of its hosts became the organisation's first address."""

    name = "configuration.primary_domain_changed"

    domain: str
