"""Rows of the log, and statements whose refusal is expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connections, models, transaction

from audit.models import AuditEntry
from shared_apps.core.content_types import content_type_id


@pytest.fixture
def log() -> Callable[[type[models.Model]], list[AuditEntry]]:
    """``log(Member)``: the captured rows of a model in the current schema, oldest first."""

    def rows(model: type[models.Model]) -> list[AuditEntry]:
        number = content_type_id(model._meta.app_label, model._meta.model_name or "")
        return list(AuditEntry.objects.filter(content_type_id=number).order_by("id"))

    return rows


@pytest.fixture
def sqlstate() -> Callable[..., str | None]:
    """The SQLSTATE that a statement fails with, in a savepoint of its own; None when it succeeds."""

    def run(statement: str, *parameters: Any, using: str = "default") -> str | None:
        try:
            with transaction.atomic(using=using), connections[using].cursor() as cursor:
                cursor.execute(statement, parameters or None)
        except DatabaseError as error:
            return getattr(error.__cause__, "sqlstate", "?")
        return None

    return run
