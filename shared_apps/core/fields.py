"""Model fields that the tenancy rules need."""

from typing import Any

from django.db import models

from .ids import uuid7


class UUIDv7Field(models.UUIDField):  # type: ignore[type-arg]
    """Primary key of tenant tables: unguessable, sorted by time, never reused across tenants."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.update(primary_key=True, default=uuid7, editable=False)
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for key in ("primary_key", "default", "editable"):
            kwargs.pop(key, None)
        return name, path, args, kwargs


class MinorUnitsField(models.DecimalField):  # type: ignore[type-arg]
    """Whole smallest units of an asset in ``numeric(38,0)``, an ``int`` in Python: exact up to 38 digits.

    A bigint holds 9.2 ETH in wei, and Python's decimal context rounds silently at 28 digits.
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.update(max_digits=38, decimal_places=0)
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for key in ("max_digits", "decimal_places"):
            kwargs.pop(key, None)
        return name, path, args, kwargs

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> int | None:
        return None if value is None else int(value)


class PublicFK(models.ForeignKey):  # type: ignore[type-arg]
    """A reference from a tenant's table to a public one, without a constraint in the database.

    Only for models of third parties that must name a user (guardian, auditlog): a schema must be
    copied, moved and erased alone, and 32 real keys per tenant made deleting a user run out of memory.
    """

    def __init__(self, to: Any, on_delete: Any = models.DO_NOTHING, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(to, on_delete=models.DO_NOTHING, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("db_constraint", None)
        return name, path, args, kwargs
