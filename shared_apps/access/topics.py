"""WebSocket topics and the permission that each asks for; the app that publishes registers it."""

from __future__ import annotations

from .actors import Actor
from .catalogue import can, is_registered

_topics: dict[str, str] = {}


def register_topic(topic: str, permission: str) -> None:
    """``register_topic("orders", "trading.view_order")``; of ``market:{instrument}`` give ``market``."""
    if _topics.setdefault(topic, permission) != permission:
        raise ValueError(f"the topic {topic} is registered with another permission")


def topics() -> dict[str, str]:
    """Permission by topic."""
    return dict(_topics)


def may_subscribe(actor: Actor, topic: str) -> bool:
    """Whether the actor may listen to a topic; an unknown one is refused."""
    permission = _topics.get(topic.split(":", 1)[0], "")
    return actor.is_authenticated and is_registered(permission) and can(actor, permission) is not None
