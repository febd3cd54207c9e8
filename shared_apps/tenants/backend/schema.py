"""DDL that also runs on an engine sharded by schema, and keys that fail at their statement."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.operations import DatabaseOperations as PostgresOperations
from django.db.backends.postgresql.schema import DatabaseSchemaEditor as PostgresSchemaEditor


class DatabaseOperations(PostgresOperations):
    """Foreign keys are INITIALLY IMMEDIATE: a violation surfaces at its statement, as IntegrityError."""

    def deferrable_sql(self) -> str:
        return " DEFERRABLE INITIALLY IMMEDIATE"


_Editor: Any = PostgresSchemaEditor  # the stubs know only its public methods


class DatabaseSchemaEditor(_Editor):
    """Adds a column and its unnamed inline CHECK or UNIQUE in two named steps (Citus refuses one)."""

    _adding: Any = None

    def _iter_column_sql(self, column_db_type: Any, params: Any, model: Any, field: Any,
                         field_db_params: Any, include_default: bool) -> Any:  # fmt: skip
        for part in super()._iter_column_sql(
            column_db_type, params, model, field, field_db_params, include_default
        ):
            if self._adding is field and part == "UNIQUE":
                continue
            yield part

    def add_field(self, model: Any, field: Any) -> None:
        if field.many_to_many:
            super().add_field(model, field)
            return
        original = field.db_parameters
        check = original(connection=self.connection)["check"]
        self._adding = field
        if check:
            field.db_parameters = lambda connection: {**original(connection=connection), "check": None}
        try:
            super().add_field(model, field)
        finally:
            self._adding = None
            if check:
                del field.db_parameters
        if check:
            name = self._create_index_name(model._meta.db_table, [field.column], suffix="_check")
            self.execute(self._create_check_sql(model, name, check), None)
        if field.unique and not field.primary_key:
            self.execute(self._create_unique_sql(model, [field]))
