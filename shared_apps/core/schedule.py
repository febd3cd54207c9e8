"""Beat's schedule, made from what the apps registered."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from .background import periodic_tasks
from .context import PUBLIC
from .envelope import Envelope

_LONGEST_SPREAD = 10.0


def beat_schedule() -> dict[str, dict[str, Any]]:
    """One entry per periodic task; those of tenants go through ``core.fan_out``.

    A run that no worker took before the next one is due expires, so that they do not pile up.
    """
    schedule: dict[str, dict[str, Any]] = {
        "core.sweep_outbox": {
            "task": "core.sweep_outbox",
            "schedule": float(settings.OUTBOX_SWEEP_SECONDS),
            "options": {"expires": float(settings.OUTBOX_SWEEP_SECONDS)},
        }
    }
    for entry in periodic_tasks():
        seconds = entry.every.total_seconds()
        kwargs: dict[str, Any] = {}
        task = entry.task
        if entry.per_tenant:
            kwargs = {"task": entry.task, "spread": min(seconds / 4, _LONGEST_SPREAD), "expires": seconds}
            task = "core.fan_out"
        headers = Envelope(PUBLIC).seal(task, kwargs)
        schedule[entry.task] = {
            "task": task,
            "schedule": seconds,
            "kwargs": kwargs,
            "options": {"expires": seconds, "headers": headers},
        }
    return schedule
