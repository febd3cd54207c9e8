"""Base of every model that lives in a tenant's schema, with the guard against stale objects.

Without it a lazy queryset built in tenant A and evaluated in B returns B's rows, and an instance loaded
in A and saved in B overwrites B's row with the same key (both reproduced).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

from django.db import models

from .context import PUBLIC, current_schema
from .fields import UUIDv7Field


class WrongTenant(RuntimeError):
    """An object or a lazy queryset of one tenant was used inside another."""


def _refuse(model: type[models.Model], owner: str) -> None:
    raise WrongTenant(f"{model._meta.label} of {owner} used in {current_schema()}")


class TenantQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Remembers the tenant it was built in; built outside every tenant, it binds when it is cloned."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant_schema = current_schema()

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]
        clone._tenant_schema = self._tenant_schema if self._tenant_schema != PUBLIC else current_schema()
        return clone

    def _check_tenant(self) -> None:
        if self._tenant_schema not in (PUBLIC, current_schema()):
            _refuse(self.model, self._tenant_schema)

    def _fetch_all(self) -> None:
        self._check_tenant()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Any:
        self._check_tenant()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        self._check_tenant()
        return super().count()

    def exists(self) -> bool:
        self._check_tenant()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        self._check_tenant()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self._check_tenant()
        return super().update(**kwargs)

    update.alters_data = True  # type: ignore[attr-defined]

    def delete(self) -> tuple[int, dict[str, int]]:
        self._check_tenant()
        return super().delete()

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


TenantManager = models.Manager.from_queryset(TenantQuerySet)


class TenantGuardMixin(models.Model):
    """Stamps each instance with its schema; for append-only tables that bring their own primary key."""

    objects = TenantManager()

    class Meta:
        abstract = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._tenant_schema = current_schema()

    @classmethod
    def from_db(
        cls, db: str | None, field_names: Collection[str], values: Collection[Any], **kw: Any
    ) -> Self:
        instance = super().from_db(db, field_names, values, **kw)
        instance._tenant_schema = current_schema()
        return instance

    def save(self, *args: Any, **kwargs: Any) -> None:
        self._check_tenant()
        super().save(*args, **kwargs)
        self._tenant_schema = current_schema()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        self._check_tenant()
        return super().delete(*args, **kwargs)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self._check_tenant()
        super().refresh_from_db(*args, **kwargs)

    def _check_tenant(self) -> None:
        if self._tenant_schema not in (PUBLIC, current_schema()):
            _refuse(type(self), self._tenant_schema)


class TenantModel(TenantGuardMixin):
    """A row of a tenant: UUIDv7 primary key, guarded against use in another tenant.

    Subclasses may declare how the audit captures them: ``audit_masked`` (fields whose values are never
    written to the log), ``audit_left_out`` (fields whose changes are not logged) and ``audit_exempt``
    (the reason why the whole table is not captured).
    """

    audit_masked: tuple[str, ...] = ()
    audit_left_out: tuple[str, ...] = ()
    audit_exempt: str = ""

    id = UUIDv7Field()

    class Meta:
        abstract = True
        default_manager_name = "objects"
        base_manager_name = "objects"
