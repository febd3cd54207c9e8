"""Row locks in one order, so that two transactions never wait for each other."""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import MultipleObjectsReturned
from django.db import models, transaction

M = TypeVar("M", bound=models.Model)


def lock(rows: models.QuerySet[M], *, skip_locked: bool = False, nowait: bool = False) -> list[M]:
    """Lock the rows of a queryset in the order of their primary keys and return them.

    Only the queryset's own table is locked, not joined ones. Refuses to run outside a transaction; tables
    are locked in the order of the layers (style.md, habit 4).
    """
    connection = transaction.get_connection(rows.db)
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{rows.model._meta.label} was to be locked outside a transaction"
        )
    return list(rows.order_by("pk").select_for_update(of=("self",), skip_locked=skip_locked, nowait=nowait))


def lock_one(rows: models.QuerySet[M]) -> M | None:
    """Lock the queryset's only row; None when there is none. Raises MultipleObjectsReturned for more."""
    locked = lock(rows)
    if len(locked) > 1:
        raise MultipleObjectsReturned(f"{len(locked)} rows of {rows.model._meta.label}")
    return locked[0] if locked else None
