"""What happens to bots, said once."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from shared_apps.core.events import Event


@dataclass(frozen=True, kw_only=True)
class BotCreated(Event):
    """A member made a bot."""

    name = "bots.bot_created"
    bot_id: UUID
    member_id: UUID
    strategy: str
    symbol: str


@dataclass(frozen=True, kw_only=True)
class BotStatusChanged(Event):
    """A bot was started, paused, stopped, or failed."""

    name = "bots.status_changed"
    bot_id: UUID
    member_id: UUID
    old: str
    new: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BotStrategyChanged(Event):
    """A bot decides by another strategy or other parameters from its next candle on."""

    name = "bots.strategy_changed"
    bot_id: UUID
    old_version_id: UUID
    new_version_id: UUID


@dataclass(frozen=True, kw_only=True)
class BotOrdered(Event):
    """A bot's decision led to an order."""

    name = "bots.bot_ordered"
    bot_id: UUID
    decision_id: UUID
    order_id: UUID
