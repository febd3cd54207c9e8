"""Database roles, grants and row-level security, as text that the owner role executes.

The runtime login (NOINHERIT) owns nothing and may do nothing; it is a member of ``<login>_public`` (the
platform role) and of every tenant's ``tr_t_…`` role. A tenant's role reaches its own schema and, through
``<login>_tenant``, the few public tables named here; row-level security on the directory shows it its own
rows only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db.backends.utils import CursorWrapper
from psycopg import Cursor, sql

from shared_apps.users.models import TENANT_VISIBLE_COLUMNS

from . import rules

#: Public tables that a tenant role may read, with the columns it sees (all where empty).
#: The four auth and contenttypes tables are guardian's look-ups, the one join into public.
_TENANT_READABLE: dict[str, tuple[str, ...]] = {
    "users_user": TENANT_VISIBLE_COLUMNS,
    "tenants_tenant": ("id", "name", "slug", "uuid", "schema_name", "db_role", "is_active", "state"),
    "tenants_membership": (),
    "tenants_domain": (),
    "django_content_type": (),
    "auth_permission": (),
    "auth_group": (),
    "auth_group_permissions": (),
    "users_user_groups": (),
    "users_user_user_permissions": (),
}
#: Never written by the runtime: journals that only triggers fill, and the migration table.
_READ_ONLY_TABLES = ["audit_auditentry", "django_migrations"]
#: Tables among them whose sequence of ids is closed too.
_CLOSED_SEQUENCES = ["audit_auditentry"]
#: May be added to, never changed.
_APPEND_ONLY_TABLES = ["audit_auditlog"]
#: The same, for tables that tenants alone have.
_TENANT_JOURNALS: list[str] = []
#: The same, for tables that are in public alone.
_PUBLIC_JOURNALS: list[str] = []
#: Functions of every schema, by their signatures, that its role may call.
_CALLABLE: list[str] = []


def declare_read_only(table: str, *, numbered: bool = False) -> None:
    """Let the runtime read a table and nothing else: it is written by functions of the owner.

    ``numbered`` says that the rows' ids come from a sequence, which is closed too.
    """
    if table not in _READ_ONLY_TABLES:
        _READ_ONLY_TABLES.append(table)
    if numbered and table not in _CLOSED_SEQUENCES:
        _CLOSED_SEQUENCES.append(table)


def declare_callable(signature: str) -> None:
    """Let a schema's own role, and nobody else, call a function of it: ``ledger_release(uuid)``."""
    if signature not in _CALLABLE:
        _CALLABLE.append(signature)


def declare_append_only(table: str, *, in_public: bool = False) -> None:
    """Let rows of a tenants' table be added and read, never changed or deleted, by the runtime (journals).

    With ``in_public`` it is a table of the public schema.
    """
    journals = _PUBLIC_JOURNALS if in_public else _TENANT_JOURNALS
    if table not in journals:
        journals.append(table)


def allow_tenants_to_read(table: str, columns: tuple[str, ...] = ()) -> None:
    """Let tenant roles SELECT a public table that holds nobody's secrets (instruments, candles)."""
    _TENANT_READABLE[table] = columns


def show_own_rows(
    table: str, *, column: str = "tenant_id", or_where: str = "", columns: tuple[str, ...] = ()
) -> None:
    """Let a tenant role SELECT its own tenant's rows of a public table, by row-level security.

    ``column`` points to the tenant; ``or_where`` is a condition for rows that every tenant may see;
    ``columns`` are the readable ones (all where empty). Called in an app's ``ready()``. Written are such
    tables in the platform role alone.
    """
    _TENANT_READABLE[table] = columns
    own = _OF_OWN_TENANT.format(column=f'public."{table}".{column}')
    _POLICIES[table] = f"({or_where}) OR {own}" if or_where else own


@dataclass(frozen=True)
class Logins:
    """Names of the runtime login and of the two group roles derived from it."""

    runtime: str = field(default_factory=lambda: settings.DATABASES["default"]["USER"])

    @property
    def platform(self) -> str:
        return f"{self.runtime}_public"

    @property
    def tenant_base(self) -> str:
        return f"{self.runtime}_tenant"


# Policies on the directory: (table, what makes a row the tenant's own).
_OWN_TENANT = 'db_role = current_user::text COLLATE "default"'
_OF_OWN_TENANT = (
    "EXISTS (SELECT FROM public.tenants_tenant t WHERE t.id = {column} "
    'AND t.db_role = current_user::text COLLATE "default")'
)
_OF_OWN_MEMBER = "EXISTS (SELECT FROM public.tenants_membership m WHERE m.user_id = {column})"
_POLICIES = {
    "tenants_tenant": _OWN_TENANT,
    "tenants_domain": _OF_OWN_TENANT.format(column="tenant_id"),
    "tenants_membership": "is_active AND " + _OF_OWN_TENANT.format(column="tenant_id"),
    "users_user": _OF_OWN_MEMBER.format(column="public.users_user.id"),
    "users_user_groups": _OF_OWN_MEMBER.format(column="public.users_user_groups.user_id"),
    "users_user_user_permissions": _OF_OWN_MEMBER.format(column="public.users_user_user_permissions.user_id"),
}


def _create_role(name: str, options: str = "NOLOGIN") -> str:
    """CREATE ROLE that survives a second database of the same cluster having made it already."""
    literal = sql.Literal(name).as_string()
    identifier = sql.Identifier(name).as_string()
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {literal}) "
        f"THEN CREATE ROLE {identifier} {options}; END IF; "
        f"EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
    )


def public_statements() -> list[str]:
    """Everything that the public schema needs after its migrations; idempotent."""
    names = Logins()
    platform, base, runtime = names.platform, names.tenant_base, names.runtime
    statements = [
        _create_role(platform),
        _create_role(base),
        f'GRANT "{platform}" TO "{runtime}"',
        f'GRANT USAGE ON SCHEMA public TO "{platform}", "{base}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{platform}"',
        f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{platform}"',
        "ALTER DEFAULT PRIVILEGES IN SCHEMA public "
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{platform}"',
        f'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO "{platform}"',
        f'REVOKE ALL ON ALL TABLES IN SCHEMA public FROM "{base}"',
    ]
    statements += [*_journal_revokes("public", platform), *_calls("public", platform)]
    statements += [
        f'REVOKE UPDATE, DELETE ON public."{table}" FROM "{platform}"' for table in _PUBLIC_JOURNALS
    ]
    for table, columns in _TENANT_READABLE.items():
        what = f"({', '.join(columns)}) " if columns else ""
        statements.append(f'GRANT SELECT {what}ON public."{table}" TO "{base}"')
    for table, own in _POLICIES.items():
        statements += [
            f'ALTER TABLE public."{table}" ENABLE ROW LEVEL SECURITY',
            f'DROP POLICY IF EXISTS platform_all ON public."{table}"',
            f'CREATE POLICY platform_all ON public."{table}" TO "{platform}" USING (true) WITH CHECK (true)',
            f'DROP POLICY IF EXISTS own_tenant ON public."{table}"',
            f'CREATE POLICY own_tenant ON public."{table}" FOR SELECT TO "{base}" USING ({own})',
        ]
    return statements


def _journal_revokes(schema: str, role: str) -> list[str]:
    tables = {model._meta.db_table for model in apps.get_models()} | {"django_migrations"}
    closed = [table for table in _READ_ONLY_TABLES if table in tables]
    appended = [table for table in _APPEND_ONLY_TABLES if table in tables]
    statements = [f'REVOKE INSERT, UPDATE, DELETE ON {schema}."{table}" FROM "{role}"' for table in closed]
    statements += [f'REVOKE UPDATE, DELETE ON {schema}."{table}" FROM "{role}"' for table in appended]
    statements += [
        f'REVOKE ALL ON SEQUENCE {schema}."{table}_id_seq" FROM "{role}"'
        for table in _CLOSED_SEQUENCES
        if table in tables
    ]
    return statements


def _calls(schema: str, role: str) -> list[str]:
    """PUBLIC may call every function that is made, unless it is told otherwise."""
    return [
        statement
        for signature in _CALLABLE
        for statement in (
            f"REVOKE ALL ON FUNCTION {schema}.{signature} FROM PUBLIC",
            f'GRANT EXECUTE ON FUNCTION {schema}.{signature} TO "{role}"',
        )
    ]


def tenant_statements(schema: str) -> list[str]:
    """Role and grants of one tenant's schema; idempotent."""
    names, role = Logins(), rules.role_name(schema)
    defaults = f'ALTER DEFAULT PRIVILEGES IN SCHEMA "{schema}"'
    return [
        _create_role(role),
        f'GRANT "{names.tenant_base}" TO "{role}"',
        f'GRANT "{role}" TO "{names.runtime}"',
        f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"',
        f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA "{schema}" TO "{role}"',
        f'{defaults} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{role}"',
        f'{defaults} GRANT USAGE, SELECT ON SEQUENCES TO "{role}"',
        *_journal_revokes(f'"{schema}"', role),
        *(f'REVOKE UPDATE, DELETE ON "{schema}"."{table}" FROM "{role}"' for table in _TENANT_JOURNALS),
        *_calls(f'"{schema}"', role),
    ]


def drop_statements(schema: str) -> list[str]:
    """Remove a tenant's schema and, unless another database of the cluster uses it, its role."""
    role = rules.role_name(schema)
    return [
        f'DROP SCHEMA IF EXISTS "{schema}" CASCADE',
        f'DO $$ BEGIN DROP ROLE IF EXISTS "{role}"; '
        "EXCEPTION WHEN dependent_objects_still_exist OR insufficient_privilege THEN NULL; END $$",
    ]


def unsafe_runtime_reasons(cursor: CursorWrapper | Cursor[Any]) -> list[str]:
    """Why the login behind this cursor must not serve requests; empty when it is safe."""
    cursor.execute(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, "
        "EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database() AND d.datdba = r.oid), "
        "EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid) "
        "FROM pg_roles r WHERE rolname = session_user"
    )
    row = cursor.fetchone() or (True,) * 5
    names = ("a superuser", "BYPASSRLS", "CREATEROLE", "owner of the database", "owner of tables")
    return [name for name, unsafe in zip(names, row, strict=True) if unsafe]


def quoted(identifier: str) -> str:
    """An identifier in double quotes, safe inside SQL text."""
    return sql.Identifier(identifier).as_string()
