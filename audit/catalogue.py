"""What the database really has, against what the registry says: the proof that nothing escapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.backends.utils import CursorWrapper

from shared_apps.core.context import PUBLIC
from shared_apps.tenants import rules

from . import registry, triggers

_TABLES = """
SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY(%s)"""
_TRIGGERS = """
SELECT n.nspname, c.relname, t.tgname, t.tgenabled, p.prosrc, p.prosecdef, p.proowner = c.relowner
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND n.nspname = ANY(%s)"""
_SCHEMAS = r"SELECT nspname FROM pg_namespace WHERE nspname ~ '^t_[a-z2-7]{16}$' OR nspname = ANY(%s)"


def schemas(cursor: CursorWrapper) -> list[str]:
    """``public``, the template and every tenant's schema, spares included."""
    cursor.execute(_SCHEMAS, [[PUBLIC, rules.TEMPLATE_SCHEMA]])
    return sorted(row[0] for row in cursor.fetchall())


def _body(function: str) -> str:
    """The text between the dollar quotes, which is what ``pg_proc.prosrc`` holds."""
    return function.split("$audit$")[1]


def _expected(schema: str) -> dict[tuple[str, str], str]:
    """Bodies of the trigger functions, by (table, trigger)."""
    return {
        ("audit_auditlog", triggers.STAMP): _body(triggers.stamp_function(schema)),
    } | {
        (capture.table, triggers.TRIGGER): _body(triggers.capture_function(schema, capture))
        for capture in registry.captures(schema)
    }


def problems(cursor: CursorWrapper, names: list[str] | None = None) -> Iterator[str]:
    """Every table without its trigger or reason, and every trigger that is not the registry's, in words."""
    wanted = schemas(cursor) if names is None else names
    cursor.execute(_TABLES, [wanted])
    tables: dict[str, set[str]] = {}
    for schema, table in cursor.fetchall():
        tables.setdefault(schema, set()).add(table)
    cursor.execute(_TRIGGERS, [wanted])
    found: dict[str, dict[tuple[str, str], Any]] = {}
    for schema, table, trigger, *rest in cursor.fetchall():
        found.setdefault(schema, {})[table, trigger] = rest
    for schema in wanted:
        yield from _problems_of(schema, tables.get(schema, set()), found.get(schema, {}))


def _problems_of(schema: str, tables: set[str], found: dict[tuple[str, str], Any]) -> Iterator[str]:
    expected = _expected(schema)
    known = {table for table, _trigger in expected} | set(registry.EXEMPT_TABLES)
    known |= {model._meta.db_table for model in registry.models_of(schema) if registry.exempt_reason(model)}
    for table in sorted(tables - known):
        yield f"{schema}.{table} is neither captured nor exempt"
    for (table, trigger), body in expected.items():
        if table not in tables:
            continue  # not migrated yet: the migration brings table and trigger
        enabled, source, definer, owned = found.get((table, trigger), (None,) * 4)
        if enabled is None:
            yield f"{schema}.{table} has no trigger {trigger}"
        elif enabled not in ("O", "A") or not definer or not owned:
            yield f"{schema}.{table}: the trigger is off or does not run as the owner"
        elif source != body:
            yield f"{schema}.{table}: the trigger is not the one that the models describe"
    for table in triggers.JOURNALS:
        for trigger in (triggers.DENY_ROW, triggers.DENY_TRUNCATE):
            if found.get((table, trigger), [None])[0] != "A":
                yield f"{schema}.{table}: {trigger} is not ENABLE ALWAYS"
