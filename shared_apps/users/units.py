"""The frame of every identity command: platform role, one durable transaction, somebody bound to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import transaction

from shared_apps.core.context import AUDIT, audit_context, platform_context

from .models import User


@contextmanager
def identity_unit(label: str, *, user: User | None = None) -> Iterator[None]:
    """Run a block as one durable transaction in the platform role.

    The audit names ``user`` where one is given (somebody who just proved who they are), else whoever the
    request is already bound to, else ``label`` (``auth.register``).
    """
    changes: dict[str, Any] = {}
    if user is not None:
        changes = {"actor_id": user.pk, "actor_email": user.email}
    elif not AUDIT.get().is_bound():
        changes = {"actor_label": label}
    with platform_context(), audit_context(**changes), transaction.atomic(durable=True):
        yield
