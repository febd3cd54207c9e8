"""The leak drill: attack every model and route from a foreign tenant, and file the signed result.

Each tenant attacks the next one. What the database answers is what counts: the drill reads the catalogue's
own tables, not our models' opinion of them. Hardening that needs a superuser (``set_config``, the XML
functions) is reported as a warning where it is missing, a single foreign row as a leak.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.core.cache import caches
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from psycopg import sql

from shared_apps.core.context import audit_context, platform_context, tenant_context
from shared_apps.core.events import emit
from shared_apps.core.signing import sign

from .checks import tenant_models
from .events import LeakDrillRun
from .models import Tenant

DENIED = {"42501", "42P01"}
_ESCAPES = {
    "set_config": "SELECT set_config('search_path', current_setting('search_path'), true)",
    "query_to_xml": "SELECT query_to_xml('SELECT 1', true, false, '')",
    "lo_create": "SELECT lo_create(0)",
    "temporary tables": "CREATE TEMP TABLE leak_drill_probe (id int)",
}
_PUBLIC_SECRETS = ("users_user.password", "users_session.id", "tenants_spareschema.id", "audit_auditentry.id")

#: Attacks beyond SQL: ``probe(attacker, victim) -> (number of attempts, descriptions of leaks)``.
Probe = Callable[[Tenant, Tenant], tuple[int, list[str]]]
_probes: dict[str, Probe] = {}


def register_probe(name: str, probe: Probe) -> None:
    """Add an attack; the app that opens a door registers the attack on it."""
    _probes[name] = probe


@dataclass
class Result:
    """Outcome of a drill. Red when ``leaks`` is not empty."""

    tenants: int = 0
    attempts: int = 0
    leaks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def is_green(self) -> bool:
        return not self.leaks


def _rows_or_refusal(statement: sql.Composable | str) -> tuple[int, str]:
    """How many rows a statement brings (1 for a command), or 0 and the SQLSTATE that refused it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            return (len(cursor.fetchall()) if cursor.description else 1), ""
    except DatabaseError as error:
        cause = error.__cause__
        return 0, (cause.sqlstate or "") if isinstance(cause, psycopg.Error) else ""


def _attack_tables(attacker: Tenant, victim: Tenant, result: Result) -> None:
    for model in tenant_models():
        table = sql.Identifier(victim.schema_name, model._meta.db_table)
        for verb, statement in (
            ("read", sql.SQL("SELECT 1 FROM {} LIMIT 1").format(table)),
            ("delete from", sql.SQL("DELETE FROM {} WHERE false").format(table)),
        ):
            result.attempts += 1
            rows, refusal = _rows_or_refusal(statement)
            if refusal not in DENIED:
                result.leaks.append(
                    f"{attacker.slug} could {verb} {victim.slug}'s {model._meta.db_table} ({rows} rows)"
                )


def _attack_directory(attacker: Tenant, result: Result) -> None:
    foreign = {
        "tenants_tenant": "id <> {}",
        "tenants_membership": "tenant_id <> {}",
        "tenants_domain": "tenant_id <> {}",
        "users_user": "id NOT IN (SELECT user_id FROM public.tenants_membership WHERE tenant_id = {})",
    }  # fmt: skip
    for table, condition in foreign.items():
        result.attempts += 1
        statement = sql.SQL("SELECT 1 FROM {} WHERE ").format(sql.Identifier("public", table)) + sql.SQL(
            condition
        ).format(sql.Literal(attacker.pk))
        rows, _refusal = _rows_or_refusal(statement)
        if rows:
            result.leaks.append(f"{attacker.slug} sees {rows} foreign rows of public.{table}")
    for name in _PUBLIC_SECRETS:
        table, column = name.split(".")
        result.attempts += 1
        _rows, refusal = _rows_or_refusal(
            sql.SQL("SELECT {} FROM {} LIMIT 1").format(
                sql.Identifier(column), sql.Identifier("public", table)
            )
        )
        if refusal not in DENIED:
            result.leaks.append(f"{attacker.slug} can read public.{name}")


def _attack_escapes(result: Result) -> None:
    for name, statement in _ESCAPES.items():
        result.attempts += 1
        _rows, refusal = _rows_or_refusal(statement)
        if refusal not in DENIED:
            result.warnings.append(f"tenant roles may use {name}: the server lacks the optional hardening")


def _attack_cache(attacker: Tenant, victim: Tenant, result: Result) -> None:
    key = "leak-drill"
    with tenant_context(victim):
        caches["default"].set(key, victim.slug, 60)
    result.attempts += 1
    if caches["default"].get(key) is not None:
        result.leaks.append(f"{attacker.slug} reads {victim.slug}'s cache")
    with tenant_context(victim):
        caches["default"].delete(key)


def run(tenants: Iterable[Tenant] | None = None, *, file_result: bool = True) -> Result:
    """Attack every active tenant (or those given) from the next one; files the signed result in the log."""
    with platform_context():
        found = (
            list(tenants)
            if tenants is not None
            else list(Tenant.objects.filter(is_active=True).order_by("id"))
        )
    result = Result(tenants=len(found))
    for attacker, victim in zip(found, found[1:] + found[:1], strict=True):
        if attacker.pk == victim.pk:
            result.warnings.append("one tenant alone has nobody to attack")
            break
        with tenant_context(attacker), audit_context(actor_label="tenants.leak_drill"):
            _attack_tables(attacker, victim, result)
            _attack_directory(attacker, result)
            _attack_cache(attacker, victim, result)
        for probe in _probes.values():
            attempts, leaks = probe(attacker, victim)
            result.attempts += attempts
            result.leaks += leaks
    if found:
        with tenant_context(found[0]), audit_context(actor_label="tenants.leak_drill"):
            _attack_escapes(result)
    if file_result:
        _file(result)
    return result


def report(result: Result) -> dict[str, Any]:
    """The result as data, with the time."""
    return {
        "time": timezone.now().isoformat(),
        "green": result.is_green,
        "tenants": result.tenants,
        "attempts": result.attempts,
        "leaks": result.leaks,
        "warnings": result.warnings,
    }


def _file(result: Result) -> None:
    data = report(result)
    with platform_context(), audit_context(actor_label="tenants.leak_drill"), transaction.atomic():
        emit(LeakDrillRun(green=result.is_green, report=data, signature=sign("leak-drill", data)))
