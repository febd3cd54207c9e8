"""Background work on the directory."""

from __future__ import annotations

from shared_apps.core.tasks import platform_task

from . import services


@platform_task("tenants.refill_spares")
def refill_spares() -> None:
    """Make schemas ready for the next organisations; needs the owner's login."""
    services.refill_spares()
