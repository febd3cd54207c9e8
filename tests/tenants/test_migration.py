"""Migrating many tenants: skipped when current, one plan for all, stopped by an error, finished after a kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections, transaction

from shared_apps.tenants import migration, provisioning, rules
from shared_apps.tenants.models import SchemaState, TemplateScript, Tenant
from tests import servers
from tests.conftest import recreate_database

pytestmark = [
    pytest.mark.django_db(transaction=True, databases=["default", "owner"]),
    pytest.mark.req("F8", "F9"),
]

TENANTS = 6


@pytest.fixture
def many() -> Iterator[list[Tenant]]:
    """Six more tenants, each with a schema of the current version."""
    made = []
    for number in range(TENANTS):
        schema = rules.new_schema_name()
        provisioning.build_schema(schema)
        with transaction.atomic():
            made.append(
                Tenant.objects.create(name=f"Many {number}", slug=f"many-{number}", schema_name=schema)
            )
    yield made
    recreate_database()


def command(*arguments: str, apps: str = "") -> list[str]:
    return [sys.executable, "manage.py", "migrate_tenants", "--no-spares", *arguments]


def environment(apps: str) -> dict[str, str]:
    return {**os.environ, **servers.environment(servers.DATABASE), "TEST_EXTRA_APPS": apps}


def run(apps: str = "tests.support.extra_plain", *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        cwd=servers.ROOT,
        env=environment(apps),
        capture_output=True,
        text=True,
        check=False,
    )


def schemas_with(table: str) -> set[str]:
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_tables WHERE tablename = %s", [table])
        return {row[0] for row in cursor.fetchall()}


def everyone() -> set[str]:
    return {*Tenant.objects.values_list("schema_name", flat=True), rules.TEMPLATE_SCHEMA}


def test_up_to_date_tenants_are_skipped(many: list[Tenant]) -> None:
    done = run("")
    assert done.returncode == 0, done.stderr
    assert f"0 tenants migrated, {TENANTS + 2} up to date" in done.stdout


def test_one_new_migration_reaches_all_with_role_grants_and_trigger(many: list[Tenant]) -> None:
    done = run()
    assert done.returncode == 0, done.stderr
    assert f"{TENANTS + 2} tenants migrated" in done.stdout
    assert schemas_with("extra_plain_note") == everyone()
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege(%s, %s, 'SELECT, INSERT'), has_table_privilege(%s, %s, 'SELECT')",
            [many[0].db_role, f"{many[0].schema_name}.extra_plain_note",
             many[1].db_role, f"{many[0].schema_name}.extra_plain_note"],
        )  # fmt: skip
        assert cursor.fetchone() == (True, False)
        cursor.execute(
            "SELECT n.nspname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relname = 'extra_plain_note' AND t.tgname = 'zz_audit'"
        )
        assert {row[0] for row in cursor.fetchall()} == everyone()
    assert migration.drifted_schemas() == []
    again = run()
    assert f"0 tenants migrated, {TENANTS + 2} up to date" in again.stdout


def dumped(schema: str) -> list[str]:
    """A schema's DDL and rows, in order, without its name and the times of its migrations."""
    found = subprocess.run(
        [provisioning.find_pg_dump(), "--no-owner", "--no-privileges", "--no-comments", "--schema-only",
         f"--schema={schema}", f"--dbname={servers.environment(servers.DATABASE)['DATABASE_OWNER_URL']}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sorted(provisioning.clean_dump(found.stdout).replace(schema, "schema").splitlines())


def test_a_new_tenant_after_the_plan_is_like_one_of_a_fresh_dump(many: list[Tenant]) -> None:
    assert run().returncode == 0
    extended = TemplateScript.objects.using("owner").get()
    TemplateScript.objects.using("owner").all().delete()
    assert run().returncode == 0
    fresh = TemplateScript.objects.using("owner").get()
    assert (extended.additions, fresh.additions) == (1, 0) and extended.script != fresh.script
    dumps = []
    for script in (extended.script, fresh.script):
        provisioning.build_schema(schema := rules.new_schema_name(), script=script)
        dumps.append(dumped(schema))
    assert any("extra_plain_note" in line for line in dumps[0])
    assert dumps[0] == dumps[1]


def test_a_text_of_many_plans_is_dumped_anew(many: list[Tenant]) -> None:
    TemplateScript.objects.using("owner").update(additions=20)
    assert run().returncode == 0
    assert TemplateScript.objects.using("owner").get().additions == 0


def test_a_text_that_was_lost_is_made_by_the_next_run(many: list[Tenant]) -> None:
    assert run().returncode == 0
    TemplateScript.objects.using("owner").all().delete()
    assert run().returncode == 0
    script = TemplateScript.objects.using("owner").get().script
    assert "extra_plain_note" in script


def test_python_migrations_run_in_every_tenant(many: list[Tenant]) -> None:
    done = run("tests.support.extra_python")
    assert done.returncode == 0, done.stderr
    acme = Tenant.objects.get(slug="acme")
    with connections["owner"].cursor() as cursor:
        cursor.execute(f'SELECT name FROM "{acme.schema_name}".members_member WHERE name = %s', ["Renamed"])
        assert cursor.fetchall() == [("Renamed",)]
    assert set(SchemaState.objects.exclude(schema_name="public").values_list("status", flat=True)) == {
        "current"
    }


def test_an_error_in_the_canary_stops_the_run(many: list[Tenant]) -> None:
    canary = Tenant.objects.order_by("id").first()
    assert canary is not None
    with connections["owner"].cursor() as cursor:
        cursor.execute(f'CREATE TABLE "{canary.schema_name}".extra_plain_note (id int)')
    done = run()
    assert done.returncode == 1
    assert "1 tenants failed" in done.stderr and canary.schema_name in done.stderr
    assert schemas_with("extra_plain_note") == {canary.schema_name, rules.TEMPLATE_SCHEMA}
    state = SchemaState.objects.get(schema_name=canary.schema_name)
    assert state.status == "failed" and "already exists" in state.error
    with connections["owner"].cursor() as cursor:
        cursor.execute(f'DROP TABLE "{canary.schema_name}".extra_plain_note')
    assert run().returncode == 0
    assert schemas_with("extra_plain_note") == everyone()


def waits_for(cursor: Any, schema: str) -> bool:
    """Whether somebody waits for the migration table of one schema of this database."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = %s::regclass "
        "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        [f'"{schema}".django_migrations'],
    )
    return bool(cursor.fetchone()[0])


def is_busy(cursor: Any, schema: str) -> bool:
    """Whether another connection to this database still runs a statement about a schema."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() "
        "AND state = 'active' AND pid <> pg_backend_pid() AND strpos(query, %s) > 0)",
        [schema],
    )
    return bool(cursor.fetchone()[0])


@pytest.mark.crash
def test_killed_in_the_middle_a_second_run_finishes(many: list[Tenant]) -> None:
    """More tenants are locked than plans are sent at once, so some are never begun."""
    assert len(many) > migration.CONNECTIONS
    schemas = [tenant.schema_name for tenant in many]
    with connections["owner"].cursor() as cursor:
        cursor.execute("BEGIN")
        for schema in schemas:
            cursor.execute(f'LOCK TABLE "{schema}".django_migrations IN ACCESS EXCLUSIVE MODE')
        process = subprocess.Popen(
            command(), cwd=servers.ROOT, env=environment("tests.support.extra_plain"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 120
        while not any(waits_for(cursor, schema) for schema in schemas):
            assert time.monotonic() < deadline and process.poll() is None, (
                "it never came to the locked tenant"
            )
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        cursor.execute("ROLLBACK")
        # What the server has of the killed process' last messages, it finishes: those tenants are whole.
        while any(is_busy(cursor, schema) for schema in schemas):
            assert time.monotonic() < deadline, "the killed process' statement never ended"
            time.sleep(0.02)
    half = schemas_with("extra_plain_note")
    target = SchemaState.objects.get(schema_name=rules.TEMPLATE_SCHEMA).fingerprint
    assert half == set(SchemaState.objects.filter(fingerprint=target).values_list("schema_name", flat=True))
    assert rules.TEMPLATE_SCHEMA in half and half < everyone()
    done = run()
    assert done.returncode == 0, done.stderr
    assert 0 < int(re.search(r"(\d+) tenants migrated", done.stdout)[1]) < TENANTS + 2
    assert schemas_with("extra_plain_note") == everyone()
    assert migration.drifted_schemas() == []


def test_hand_made_drift_is_reported(many: list[Tenant]) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(f'DELETE FROM "{many[2].schema_name}".django_migrations WHERE app = %s', ["members"])
    assert migration.drifted_schemas() == [many[2].schema_name]
    done = run("", "--verify")
    assert done.returncode == 1 and many[2].schema_name in done.stderr
