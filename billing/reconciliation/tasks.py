"""The doors by which time and people have the books compared."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone

from shared_apps.core.tasks import platform_task

from . import services


@platform_task("reconciliation.run_nightly")
def run_nightly() -> None:
    """Once a day, from the hour that the option names, begin; and go on with what was broken off."""
    services.begin_nightly(now=timezone.now())


@platform_task("reconciliation.carry_out", retry_after=600, max_attempts=3)
def carry_out(*, run_id: str) -> None:
    """Settle and compare now."""
    services.carry_out(UUID(run_id))
