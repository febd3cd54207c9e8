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
