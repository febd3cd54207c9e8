"""Runs what is in the outbox in this process, through the real header and the real task."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from celery import current_app
from django.utils import timezone

from shared_apps.core import outbox
from shared_apps.core.envelope import Envelope


def run_pending(schema: str, *, now: datetime | None = None, app: str = "") -> list[Any]:
    """Claim what is due in a schema and run it, or what of it is one ``app``'s; the results in order."""
    results = []
    for message in outbox.claim(schema, now=now or timezone.now()):
        if not message.task.startswith(app):
            continue
        envelope = Envelope(schema, message.id, message.request_id)
        results.append(apply(message.task, message.kwargs, envelope))
    return results


def apply(task: str, kwargs: dict[str, Any], envelope: Envelope | None, **headers: Any) -> Any:
    """Run one task as the worker does."""
    sealed = envelope.seal(task, kwargs) if envelope else {}
    return current_app.tasks[task].apply(kwargs=kwargs, headers={**sealed, **headers})
