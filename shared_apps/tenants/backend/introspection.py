"""What tables a schema has, without looking at every other tenant's."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql.introspection import TableInfo
from django_tenants.postgresql_backend.introspection import DatabaseSchemaIntrospection


class DatabaseIntrospection(DatabaseSchemaIntrospection):
    """Django asks pg_table_is_visible of every relation of the database: 12 ms among 300 tenants."""

    def get_table_list(self, cursor: Any) -> list[TableInfo]:
        """Tables and views of the current schema alone."""
        cursor.execute(
            "SELECT relname, CASE WHEN relispartition THEN 'p' WHEN relkind IN ('m', 'v') THEN 'v' "
            "ELSE 't' END, pg_catalog.obj_description(oid, 'pg_class') "
            "FROM pg_catalog.pg_class WHERE relkind IN ('f', 'm', 'p', 'r', 'v') AND relnamespace = "
            "(SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = %s)",
            [self.connection.schema_name],
        )
        return [TableInfo(*row) for row in cursor.fetchall() if row[0] not in self.ignored_tables]
