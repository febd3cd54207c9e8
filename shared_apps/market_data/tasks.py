"""The door by which time enters the demo markets."""

from __future__ import annotations

from django.utils import timezone

from shared_apps.access.actors import Actor
from shared_apps.core.tasks import platform_task

from . import queries, services


@platform_task("market_data.replay_bar")
def replay_bar() -> None:
    """Close one bar of every demo market that plays."""
    now = timezone.now()
    for feed_id in queries.due_feeds(now):
        services.advance_feed(actor=Actor.system("market_data.replay"), feed_id=feed_id, now=now)
