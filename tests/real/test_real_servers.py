"""The same product on the machine's own PostgreSQL, Redis and RabbitMQ, where they answer."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from config.embedded.roles import bootstrap_roles
from tests import servers
from tests.support import live

pytestmark = pytest.mark.real_servers

# Test workers share the machine's servers: each has its own database, roles, Redis database and queue.
DATABASE = f"tradehall_real_{servers.WORKER}"
OWNER, RUNTIME = f"real_owner_{servers.WORKER}", f"real_app_{servers.WORKER}"
NUMBER = 8 + int(servers.WORKER.removeprefix("gw") if servers.WORKER.startswith("gw") else 0) % 4
POSTGRES = os.environ.get("REAL_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432")
REDIS = os.environ.get("REAL_REDIS_URL", "redis://127.0.0.1:6379/9")
RABBITMQ = os.environ.get("REAL_BROKER_URL", "amqp://guest:guest@127.0.0.1:5672//")


class RealPostgres:
    """What bootstrap_roles needs of a server: connections of its superuser."""

    def connect(self, dbname: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(f"{POSTGRES}/{dbname}", autocommit=True, connect_timeout=3)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """A database of our own on the real server, migrated and seeded; dropped at the end."""
    for name, port in (("PostgreSQL", 5432), ("Redis", 6379), ("RabbitMQ", 5672)):
        if not answers(port):
            pytest.skip(f"no {name} answers on port {port}")
    server = RealPostgres()
    try:
        cluster = server.connect()
    except psycopg.OperationalError as error:
        pytest.skip(f"PostgreSQL does not let us in: {error}")
    with cluster:
        cluster.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    bootstrap_roles(server, DATABASE, owner=OWNER, app=RUNTIME)  # type: ignore[arg-type]
    with server.connect() as cluster:
        for role in (OWNER, RUNTIME):
            cluster.execute(f"ALTER ROLE {role} PASSWORD 'real'")
    base = POSTGRES.split("@")[1]
    values = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": f"postgresql://{RUNTIME}:real@{base}/{DATABASE}",
        "DATABASE_OWNER_URL": f"postgresql://{OWNER}:real@{base}/{DATABASE}",
        "REDIS_URL": REDIS,
        "BROKER_URL": RABBITMQ,
        "TEST_WORKER": str(NUMBER),
    }
    for arguments in (["migrate_tenants"], ["seed_demo", "--people-only"]):
        done = manage(values, *arguments)
        assert done.returncode == 0, done.stderr
    yield values
    with server.connect() as cluster:
        schemas = []
        with server.connect(DATABASE) as database:
            schemas = [row[0] for row in database.execute("SELECT schema_name FROM tenants_schemastate")]
        cluster.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
        for schema in schemas:
            cluster.execute(f'DROP ROLE IF EXISTS "tr_{schema}"')
        cluster.execute(f"DROP ROLE IF EXISTS {RUNTIME}_public, {RUNTIME}_tenant, {RUNTIME}, {OWNER}")


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments], cwd=servers.ROOT, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.req("S1-53", "S2-6", "C16", "F6")
def test_isolation_holds_on_the_real_server(environment: dict[str, str]) -> None:
    done = manage(environment, "leak_drill")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["green"] and report["tenants"] == 2 and report["attempts"] > 20


@pytest.mark.req("S1-53", "S3-129", "S3-131")
def test_web_logs_in_over_real_postgres_and_redis(environment: dict[str, str]) -> None:
    with live.web(**environment) as web:
        token = web.log_in("acme.localhost", "trader@acme.example.com", "demo-Passw0rd!")
        headers = {"Authorization": f"Bearer {token}"}
        assert web.request("GET", "/api/v1/auth/user/", host="acme.localhost", headers=headers).status == 200
        assert (
            web.request("GET", "/api/v1/auth/user/", host="globex.localhost", headers=headers).status == 401
        )


@pytest.mark.req("S2-5", "S2-6")
def test_a_worker_gets_its_tasks_over_rabbitmq(environment: dict[str, str]) -> None:
    owner = environment["DATABASE_OWNER_URL"]
    with (
        live.worker(**{**environment, "SPARE_SCHEMAS": "5"}),
        psycopg.connect(owner, autocommit=True) as database,
    ):
        made = manage(environment, "create_tenant", "real-one", "Real One")
        assert made.returncode == 0, made.stderr
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            row = database.execute(
                "SELECT status FROM core_outboxmessage WHERE task = 'tenants.refill_spares' ORDER BY created_at DESC"
            ).fetchone()
            if row == ("done",):
                break
            time.sleep(0.2)
        assert row == ("done",), row
        after = database.execute("SELECT count(*) FROM tenants_spareschema").fetchone()
        assert after == (5,)
