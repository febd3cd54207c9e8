"""Background work on identities."""

from __future__ import annotations

from uuid import UUID

from shared_apps.core.tasks import tenant_task

from . import services


@tenant_task("compliance.ask_provider", retry_after=300)
def ask_provider(*, case_id: str) -> None:
    """Show a case to its provider."""
    services.ask_provider(case_id=UUID(case_id))


@tenant_task("compliance.end_cases", retry_after=600)
def end_cases() -> None:
    """End approvals that ran out, and erase the documents of cases that ended."""
    services.expire_cases()
    services.erase_documents()
