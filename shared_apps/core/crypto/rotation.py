"""Sealing anew what older keys sealed. What is done is seen in the rows, so a killed run just goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS, models, router, transaction
from django.db.models import Q

from shared_apps.core import directory
from shared_apps.core.context import PUBLIC, Schema, tenant_context
from shared_apps.core.locking import lock

from .columns import SealedColumn, sealed_columns
from .keys import key_ring, sealing_key_id
from .vault import VERSION, UnsealError, key_id_of, seal, unseal


@dataclass(slots=True)
class ColumnReport:
    """What was found in one column of one schema. ``by_key`` counts the texts before the run by key id."""

    schema: str
    column: str
    rotated: int = 0
    unreadable: list[str] = field(default_factory=list)
    by_key: dict[str, int] = field(default_factory=dict)

    @property
    def stale(self) -> int:
        """How many texts were not under the sealing key."""
        return sum(count for key, count in self.by_key.items() if key != sealing_key_id())


def schemas() -> list[str]:
    """The public schema and every tenant's that exists, suspended ones too."""
    return [PUBLIC, *directory.every_schema()]


def rotate(*, schema: str, batch: int = 200, dry_run: bool = False) -> Iterator[ColumnReport]:
    """Seal what older keys sealed in one schema with the first key, ``batch`` rows a transaction.

    An audit actor must be bound. Yields one report a column, after its work. Rows that cannot be opened stay
    as they are and are named in the report.
    """
    with tenant_context(Schema(schema)):
        for column in sealed_columns():
            model = column.model_class()
            if not router.allow_migrate_model(DEFAULT_DB_ALIAS, model):
                continue
            report = ColumnReport(schema, column.name, by_key=_count_by_key(model, column))
            if not dry_run and report.stale:
                _rotate_column(model, column, report, batch)
            yield report


def _sealed(model: type[models.Model], column: SealedColumn) -> models.QuerySet[models.Model]:
    return model._base_manager.filter(**{f"{column.lookup}__startswith": f"{VERSION}."})


def _count_by_key(model: type[models.Model], column: SealedColumn) -> dict[str, int]:
    counts: dict[str, int] = {}
    known = Q()
    for key_id in key_ring():
        mine = Q(**{f"{column.lookup}__startswith": f"{VERSION}.{key_id}."})
        counts[key_id] = model._base_manager.filter(mine).count()
        known |= mine
    lost = _sealed(model, column).exclude(known).count()
    return {key: count for key, count in {**counts, "unknown": lost}.items() if count}


def _rotate_column(model: type[models.Model], column: SealedColumn, report: ColumnReport, batch: int) -> None:
    done = Q(**{f"{column.lookup}__startswith": f"{VERSION}.{sealing_key_id()}."})
    last: object | None = None
    while True:
        with transaction.atomic(durable=True):
            rows = _sealed(model, column).exclude(done)
            if last is not None:
                rows = rows.filter(pk__gt=last)
            keys = list(rows.order_by("pk").values_list("pk", flat=True)[:batch])
            for instance in lock(model._base_manager.filter(pk__in=keys)):
                _reseal(instance, column, report)
        if len(keys) < batch:
            return
        last = keys[-1]


def _reseal(instance: models.Model, column: SealedColumn, report: ColumnReport) -> None:
    sealed = column.read(instance)
    if key_id_of(sealed) in (None, sealing_key_id()):
        return  # changed since the batch was read
    row = getattr(instance, column.row)
    try:
        text = unseal(sealed, purpose=column.purpose, row=row)
    except UnsealError:
        report.unreadable.append(str(instance.pk))
        return
    column.write(instance, seal(text, purpose=column.purpose, row=row))
    type(instance)._base_manager.filter(pk=instance.pk).update(
        **{column.column: getattr(instance, column.column)}
    )
    report.rotated += 1
