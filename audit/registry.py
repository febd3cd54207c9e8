"""Which tables are captured, which of their columns, and why some are not.

The models say it themselves (``audit_masked``, ``audit_left_out``, ``audit_exempt``); what third parties'
models cannot say stands here. A model that says nothing is captured with every column. django-auditlog's
registry is filled from the same answers, so its history and filters fit the rows; its receivers stay off,
because triggers write (decision C15).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any

from auditlog.registry import auditlog
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from shared_apps.core.content_types import content_type_id
from shared_apps.core.context import PUBLIC
from shared_apps.tenants.checks import public_models, tenant_models

#: Third parties' tables that are not captured, with the reason (ours carry ``audit_exempt``).
_EXEMPT_THIRD_PARTIES = {
    "contenttypes.ContentType": "derived from the code when it is migrated",
    "auth.Permission": "derived from the code when it is migrated",
    "admin.LogEntry": "the admin's own journal of changes that the triggers capture",
}
#: Fields of third parties' tables that hold secrets, or times of use.
_MASKED_THIRD_PARTIES = {"mfa.Authenticator": ("data",)}
_LEFT_OUT_THIRD_PARTIES = {"mfa.Authenticator": ("last_used_at",)}
#: Tables without a model.
EXEMPT_TABLES = {"django_migrations": "the migration executor's own bookkeeping"}


class Kind(Enum):
    """How a column's value becomes JSON text in the trigger."""

    PLAIN = "plain"
    """Its text holds nothing that JSON would have to escape (numbers, UUIDs, booleans)."""
    TEXT = "text"
    """Free text."""
    ISO = "iso"
    """Dates and times: as JSON writes them, whatever the session's DateStyle."""
    JSON = "json"
    """Documents and arrays: their JSON text, as a string."""
    ADDRESS = "address"
    """An IP address, without the network that its text ends in."""
    BYTES = "bytes"
    """Binary: hexadecimal."""


_KINDS: tuple[tuple[Kind, tuple[type[models.Field[Any, Any]], ...]], ...] = (
    (Kind.JSON, (models.JSONField, ArrayField)),
    (Kind.ISO, (models.DateField, models.TimeField)),  # DateTimeField is a DateField
    (Kind.BYTES, (models.BinaryField,)),
    (Kind.ADDRESS, (models.GenericIPAddressField,)),
    (
        Kind.PLAIN,
        (models.IntegerField, models.DecimalField, models.FloatField, models.BooleanField, models.UUIDField),
    ),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A captured column, under the field's name that the log shows.

    ``implied`` values (the owning side of a collection's row) are worth a word only when they change.
    """

    name: str
    field: str
    kind: Kind
    masked: bool = False
    implied: bool = False


@dataclass(frozen=True, slots=True)
class Capture:
    """What the trigger of one table needs to know.

    ``pk_column`` names the object of a row; for the table behind a many-to-many field that is the object
    which has the field, and ``collection`` is set: adding a row there is a change of that object.
    """

    table: str
    label: str
    content_type_id: int
    pk_column: str
    pk_is_integer: bool
    columns: tuple[Column, ...]
    collection: bool = False


def kind_of(field: models.Field[Any, Any]) -> Kind:
    """The kind of a field's column; a foreign key has its target's."""
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return next((kind for kind, classes in _KINDS if isinstance(field, classes)), Kind.TEXT)


def has_table(model: type[models.Model]) -> bool:
    """Whether migrations make a table for this model."""
    options = model._meta
    return (
        options.managed
        and not options.proxy
        and not options.swapped
        and settings.MIGRATION_MODULES.get(options.app_label, "") is not None
    )


def models_of(schema: str) -> list[type[models.Model]]:
    """The models whose tables are in a schema: the shared apps' in ``public``, the tenant apps' elsewhere."""
    return [model for model in (public_models() if schema == PUBLIC else tenant_models()) if has_table(model)]


def exempt_reason(model: type[models.Model]) -> str:
    """Why a model's table is not captured; empty when it is."""
    if owner := owner_of(model):
        model = owner
    return _EXEMPT_THIRD_PARTIES.get(model._meta.label, "") or getattr(model, "audit_exempt", "")


def owner_of(model: type[models.Model]) -> type[models.Model] | None:
    """The model whose many-to-many field an automatic table serves, None for every other model."""
    created_by = model._meta.auto_created
    return created_by if isinstance(created_by, type) else None


def masked_fields(model: type[models.Model]) -> tuple[str, ...]:
    """Fields of which the log tells that they changed and never what they hold."""
    return tuple(_MASKED_THIRD_PARTIES.get(model._meta.label, getattr(model, "audit_masked", ())))


def left_out_fields(model: type[models.Model]) -> tuple[str, ...]:
    """Fields whose changes are not logged."""
    return tuple(_LEFT_OUT_THIRD_PARTIES.get(model._meta.label, getattr(model, "audit_left_out", ())))


def captured_models(schema: str) -> list[type[models.Model]]:
    """The models of a schema that have a trigger."""
    return [model for model in models_of(schema) if not exempt_reason(model)]


def captures(schema: str) -> list[Capture]:
    """What is captured in a schema, in order of the tables' names."""
    return sorted(map(capture_of, captured_models(schema)), key=lambda capture: capture.table)


def capture_of(model: type[models.Model]) -> Capture:
    """The capture of one model's table."""
    owner = owner_of(model)
    if owner is not None:
        return _capture_collection(model, owner)
    options, key = model._meta, model._meta.pk
    masked, left_out = set(masked_fields(model)), set(left_out_fields(model))
    return Capture(
        table=options.db_table,
        label=options.label_lower,
        content_type_id=content_type_id(options.app_label, options.model_name or ""),
        pk_column=str(key.column),
        pk_is_integer=_is_integer(key),
        columns=tuple(
            Column(str(field.column), field.name, kind_of(field), field.name in masked)
            for field in options.local_concrete_fields
            if field.name not in left_out and not isinstance(field, models.GeneratedField)
        ),
    )


def _capture_collection(through: type[models.Model], owner: type[models.Model]) -> Capture:
    field = next(field for field in owner._meta.local_many_to_many if field.remote_field.through is through)
    source = through._meta.get_field(field.m2m_field_name())
    target = through._meta.get_field(field.m2m_reverse_field_name())
    assert isinstance(source, models.ForeignKey) and isinstance(target, models.ForeignKey)
    options = owner._meta
    return Capture(
        table=through._meta.db_table,
        label=options.label_lower,
        content_type_id=content_type_id(options.app_label, options.model_name or ""),
        pk_column=source.column,
        pk_is_integer=_is_integer(source),
        columns=(
            Column(source.column, f"{field.name}.{source.name}", kind_of(source), implied=True),
            Column(target.column, field.name, kind_of(target), field.name in masked_fields(owner)),
        ),
        collection=True,
    )


def _is_integer(field: models.Field[Any, Any]) -> bool:
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    return isinstance(field, models.IntegerField)


@cache
def labels() -> dict[int, str]:
    """``app.model`` by content type id: the log is read without touching the content types' table."""
    return {
        content_type_id(model._meta.app_label, model._meta.model_name or ""): model._meta.label_lower
        for model in apps.get_models()
    }


def _all_captured() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if has_table(model) and not exempt_reason(model):
            yield model


def fill_auditlog() -> None:
    """Tell django-auditlog what is tracked and masked, and keep its receivers away. Called in ``ready()``."""
    auditlog._signals.clear()
    auditlog._m2m = False
    for model in _all_captured():
        auditlog.register(
            model,
            exclude_fields=list(left_out_fields(model)),
            mask_fields=list(masked_fields(model)),
            m2m_fields={field.name for field in model._meta.local_many_to_many},
        )
