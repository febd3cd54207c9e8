"""Migrating many schemas: plan once on the template, send the text to each tenant that needs it.

Two ways. **Text**: the SQL that the template's migrations produced, replayed in one message and one
transaction per tenant. **States**: where a migration runs Python, is not atomic, or a tenant starts from
elsewhere, its operations run per tenant over project states that are computed once for all of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any

import psycopg
from django.apps import apps as live_apps
from django.core.management.sql import emit_post_migrate_signal, emit_pre_migrate_signal
from django.db import transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from psycopg import sql

from shared_apps.core.context import PLATFORM, Schema, platform_context, tenant_context

from . import provisioning, roles, rules, step_texts, steps
from .fingerprints import MigrationKey, public_fingerprint, tenant_fingerprint
from .models import SchemaPlan, SchemaState, Tenant
from .owner import ALIAS, execute_all, owner_connection

LOCK_TIMEOUT = "5s"
#: Over how many connections a ring's plans are sent.
CONNECTIONS = 4


@dataclass(frozen=True)
class Prepared:
    """One migration with the states before and after each of its operations."""

    migration: Migration
    operations: list[tuple[Operation, Any, Any]]

    @property
    def key(self) -> MigrationKey:
        return (self.migration.app_label, self.migration.name)


@dataclass
class Report:
    """What a run did; ``failed`` maps schema to error."""

    migrated: list[str] = field(default_factory=list)
    skipped: int = 0
    failed: dict[str, str] = field(default_factory=dict)


Progress = Callable[[str], None]


def _is_plain(migration: Migration) -> bool:
    return bool(migration.atomic) and all(operation.reduces_to_sql for operation in migration.operations)


def _executor(connection: Any) -> Any:
    return MigrationExecutor(connection)  # Any: the stubs lack its project state


def _targets(executor: Any) -> list[Any]:
    return list(executor.loader.graph.leaf_nodes())


def migrate_public() -> bool:
    """Bring the public schema up to date; False when it was already."""
    connection = owner_connection()
    with platform_context():
        if _state_of("public") == public_fingerprint():
            return False
        executor = _executor(connection)
        plan = executor.migration_plan(_targets(executor))
        state = executor._create_project_state(with_applied_migrations=True)
        emit_pre_migrate_signal(0, False, ALIAS, apps=state.apps, plan=plan)
        executor.migrate(_targets(executor), plan=plan, state=state.clone())
        emit_post_migrate_signal(0, False, ALIAS, apps=live_apps, plan=plan)
        with transaction.atomic(using=ALIAS):
            execute_all(connection, [*steps.schema_statements("public"), *roles.public_statements()])
            _set_state("public", public_fingerprint())
    return True


def _has_table(name: str) -> bool:
    with owner_connection().cursor() as cursor:
        return name in owner_connection().introspection.table_names(cursor)


def _state_of(schema: str) -> str:
    if not _has_table(SchemaState._meta.db_table):
        return ""
    row = SchemaState.objects.using(ALIAS).filter(schema_name=schema).first()
    return row.fingerprint if row else ""


def _set_state(schema: str, fingerprint: str, **values: Any) -> None:
    SchemaState.objects.using(ALIAS).update_or_create(
        schema_name=schema,
        defaults={"status": SchemaState.Status.CURRENT, "error": "", **values,
                  "fingerprint": fingerprint, "migrated_at": timezone.now()},
    )  # fmt: skip


def migrate_template() -> bool:
    """Bring the template up to date and keep the plan that did it; False when it was already."""
    with platform_context():
        before = _state_of(rules.TEMPLATE_SCHEMA)
        if before == tenant_fingerprint():
            return False
    with transaction.atomic(using=ALIAS):
        connection = owner_connection()
        execute_all(connection, [f"CREATE SCHEMA IF NOT EXISTS {roles.quoted(rules.TEMPLATE_SCHEMA)}"])
        with tenant_context(Schema(rules.TEMPLATE_SCHEMA)):
            prepared = prepare(connection)
            plain = all(_is_plain(step.migration) for step in prepared)
            texts: list[str] = []
            for step in prepared:
                texts += _run_step(connection, step, collect=plain)
            kept = provisioning.script_of(before) if plain else None
            known = kept.step_texts if kept else {}
            lacking = step_texts.lacking(known, step_texts.now(), step_texts.tables_made(texts))
            execute_all(connection, lacking["steps"])  # the template itself needs no role
        with platform_context():
            _set_state(rules.TEMPLATE_SCHEMA, tenant_fingerprint())
            if before and plain:
                SchemaPlan.objects.using(ALIAS).update_or_create(
                    from_fingerprint=before,
                    to_fingerprint=tenant_fingerprint(),
                    defaults={"statements": [*texts, *lacking["steps"], *lacking["roles"]]},
                )
        if kept:
            provisioning.extend_template_script(kept, [*texts, *lacking["steps"]])
    return True


def prepare(connection: Any) -> list[Prepared]:
    """The migrations that the current schema lacks, with the states that their operations need."""
    executor = _executor(connection)
    executor.recorder.ensure_schema()
    targets = _targets(executor)
    lacking = {(m.app_label, m.name) for m, _backwards in executor.migration_plan(targets)}
    full = executor.migration_plan(targets, clean_start=True)
    state = executor._create_project_state()
    result: list[Prepared] = []
    for migration, _backwards in full:
        if (migration.app_label, migration.name) not in lacking:
            state = migration.mutate_state(state, preserve=False)
            continue
        operations: list[tuple[Operation, Any, Any]] = []
        for operation in migration.operations:
            after = state.clone()
            operation.state_forwards(migration.app_label, after)
            operations.append((operation, state, after))
            state = after
        result.append(Prepared(migration, operations))
    return result


def _run_step(connection: Any, step: Prepared, *, collect: bool) -> list[str]:
    """Run one migration in the current schema and record it; with ``collect`` return its SQL."""
    collected: list[str] = []
    if collect:
        with connection.schema_editor(collect_sql=True, atomic=False) as editor:
            _run_operations(step, editor)
        collected = [line.rstrip(";") for line in editor.collected_sql if not line.startswith("--")]
    with connection.schema_editor(atomic=bool(step.migration.atomic)) as editor:
        _run_operations(step, editor)
    MigrationRecorder(connection).record_applied(*step.key)
    record = sql.SQL("INSERT INTO django_migrations (app, name, applied) VALUES ({}, {}, now())")
    return [*collected, record.format(*map(sql.Literal, step.key)).as_string()] if collect else []


def _run_operations(step: Prepared, editor: Any) -> None:
    for operation, before, after in step.operations:
        operation.database_forwards(step.migration.app_label, editor, before, after)


def stale_schemas(only: Iterable[str] = ()) -> dict[str, str]:
    """Tenant schemas that are not at the target, with the fingerprint each is at."""
    with platform_context():
        wanted = Tenant.objects.using(ALIAS).exclude(state=Tenant.State.ERASED)
        if names := list(only):
            wanted = wanted.filter(slug__in=names)
        known = dict(SchemaState.objects.using(ALIAS).values_list("schema_name", "fingerprint"))
        return {
            schema: known.get(schema, "")
            for schema in wanted.order_by("id").values_list("schema_name", flat=True)
            if known.get(schema) != tenant_fingerprint()
        }


def rings(schemas: list[str]) -> list[list[str]]:
    """Canary (one tenant), then a tenth, then the rest."""
    tenth = max(1, len(schemas) // 10)
    return [ring for ring in (schemas[:1], schemas[1 : 1 + tenth], schemas[1 + tenth :]) if ring]


def migrate_tenants(*, only: Iterable[str] = (), progress: Progress = lambda _line: None) -> Report:
    """Bring every tenant schema to the target in rings; an error stops the run before the next ring.

    Each tenant is one transaction that also writes its SchemaState, so a run killed anywhere is finished by
    the next one.
    """
    report = Report()
    stale = stale_schemas(only)
    with platform_context():
        report.skipped = Tenant.objects.using(ALIAS).count() - len(stale)
        plans = {
            row.from_fingerprint: ";\n".join(row.statements)
            for row in SchemaPlan.objects.using(ALIAS).filter(to_fingerprint=tenant_fingerprint())
        }
    prepared: dict[str, list[Prepared]] = {}

    def by_states(schema: str) -> None:
        _migrate_by_states(schema, prepared)

    for number, ring in enumerate(rings(list(stale))):
        progress(f"ring {number}: {len(ring)} tenants")
        planned = {schema: plans[stale[schema]] for schema in ring if stale[schema] in plans}
        results = _migrate_by_text(planned)
        results |= {schema: _error_of(by_states, schema) for schema in ring if schema not in planned}
        for schema in ring:
            if (error := results[schema]) is None:
                report.migrated.append(schema)
                continue
            report.failed[schema] = f"{type(error).__name__}: {error}"
            with platform_context():
                _set_state(schema, stale[schema], status=SchemaState.Status.FAILED, error=str(error))
        if report.failed:
            break
    return report


def _error_of(action: Callable[..., None], *arguments: Any) -> Exception | None:
    """What went wrong in one tenant; the run goes on to the end of its ring."""
    try:
        action(*arguments)
    except Exception as error:  # noqa: BLE001 - recorded per tenant
        return error
    return None


def _migrate_by_text(plans: dict[str, str]) -> dict[str, Exception | None]:
    """Send each schema its plan over a few connections; gives each one's error or None."""
    parameters = owner_connection().get_connection_params() if plans else {}
    connections: SimpleQueue[Any] = SimpleQueue()

    def migrate(item: tuple[str, str]) -> Exception | None:
        connection = connections.get()
        try:
            return _error_of(_send_plan, connection, *item)
        finally:
            connections.put(connection)

    workers = min(CONNECTIONS, len(plans))
    with ExitStack() as stack:
        for _ in range(workers):
            connections.put(stack.enter_context(psycopg.connect(**parameters, autocommit=True)))
        if not workers:
            return {}
        pool = stack.enter_context(ThreadPoolExecutor(workers))
        return dict(zip(plans, pool.map(migrate, plans.items()), strict=True))


def _send_plan(connection: Any, schema: str, text: str) -> None:
    """Send a plan with its transaction as one message (two round trips less a tenant)."""
    done = sql.SQL(
        "UPDATE public.{} SET fingerprint = {}, status = 'current', error = '', migrated_at = now() "
        "WHERE schema_name = {}"
    ).format(
        sql.Identifier(SchemaState._meta.db_table), sql.Literal(tenant_fingerprint()), sql.Literal(schema)
    )
    statements = [
        "BEGIN",
        f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'",
        f"SET LOCAL search_path = {roles.quoted(schema)}, public",
        text.replace(rules.TEMPLATE_SCHEMA, schema),
        done.as_string(),
        "COMMIT",
    ]
    try:
        # sql: the plan is DDL of our own migrations, with the schema as a quoted identifier
        connection.execute(";\n".join(statements))
    except psycopg.Error:
        if not connection.closed:
            connection.execute("ROLLBACK")
        raise


def _migrate_by_states(schema: str, cache: dict[str, list[Prepared]]) -> None:
    connection = owner_connection()
    with tenant_context(Schema(schema)):
        applied = sorted(MigrationRecorder(connection).applied_migrations())
        start = hashlib.sha256(repr(applied).encode()).hexdigest()
        if start not in cache:
            cache[start] = prepare(connection)
        whole = all(step.migration.atomic for step in cache[start])
        # Migrations that are not atomic bring their own transaction or must have none.
        with transaction.atomic(using=ALIAS) if whole else nullcontext():
            execute_all(connection, [f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"] if whole else [])
            for step in cache[start]:
                _run_step(connection, step, collect=False)
            execute_all(connection, [*steps.schema_statements(schema), *roles.tenant_statements(schema)])
            with platform_context():
                _set_state(schema, tenant_fingerprint())


def drifted_schemas() -> list[str]:
    """Schemas said to be at the template's version whose own django_migrations say otherwise (one query)."""
    connection = owner_connection()
    with platform_context():
        states = SchemaState.objects.using(ALIAS)
        target = states.filter(schema_name=rules.TEMPLATE_SCHEMA).values("fingerprint")
        names = list(
            states.filter(fingerprint__in=target)
            .exclude(schema_name=PLATFORM.schema_name)
            .values_list("schema_name", flat=True)
        )
        if not names:
            return []
        part = sql.SQL(
            "SELECT {name}, md5(string_agg(app || '.' || name, ',' ORDER BY app, name)) "
            "FROM {schema}.django_migrations"
        )
        query = sql.SQL(" UNION ALL ").join(
            part.format(name=sql.Literal(name), schema=sql.Identifier(name)) for name in names
        )
        connection.ensure_connection()
        found = dict(connection.connection.execute(query).fetchall())
    expected = found.get(rules.TEMPLATE_SCHEMA)
    return sorted(name for name, digest in found.items() if digest != expected)
