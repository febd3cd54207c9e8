"""The Celery application (``celery -A config``); also the current app of every Django process."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault(
    "DJANGO_SETTINGS_MODULE", f"config.settings.{os.environ.get('DJANGO_ENVIRONMENT', 'development')}"
)
app = Celery("tradehall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()
app.autodiscover_tasks()


@app.on_after_finalize.connect
def add_periodic_tasks(sender: Celery, **_kwargs: Any) -> None:
    """Beat's schedule is what the apps registered with ``core.background.periodic``."""
    from shared_apps.core.schedule import beat_schedule

    sender.conf.beat_schedule = {**sender.conf.beat_schedule, **beat_schedule()}


@worker_init.connect
def prepare_worker(sender: Any, **_kwargs: Any) -> None:
    """Refuse to work as a role that could see every tenant, and listen for outbox hints."""
    from shared_apps.core.bridge import OutboxBridge
    from shared_apps.tenants.startup import refuse_unsafe_runtime

    refuse_unsafe_runtime()
    sender.app.steps["worker"].add(OutboxBridge)
