"""Migrating many tenants: skipped when current, one plan for all, stopped by an error, finished after a kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from django.db import connections, transaction

from shared_apps.tenants import migration, provisioning, rules
from shared_apps.tenants.models import SchemaState, Tenant
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


@pytest.mark.crash
def test_killed_in_the_middle_a_second_run_finishes(many: list[Tenant]) -> None:
    blocked = many[3]
    with connections["owner"].cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f'LOCK TABLE "{blocked.schema_name}".django_migrations IN ACCESS EXCLUSIVE MODE')
        process = subprocess.Popen(
            command(), cwd=servers.ROOT, env=environment("tests.support.extra_plain"),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        cursor.execute("ROLLBACK")
    half = schemas_with("extra_plain_note")
    assert blocked.schema_name not in half and rules.TEMPLATE_SCHEMA in half and len(half) > 1
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
