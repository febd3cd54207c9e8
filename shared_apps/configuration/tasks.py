"""Background work on the configuration."""

from __future__ import annotations

from shared_apps.core.tasks import platform_task

from . import services


@platform_task("configuration.check_domains", retry_after=600)
def check_domains() -> None:
    """Look up the custom domains whose time has come."""
    services.check_due_domains()
