"""Pytest plugin, loaded before Django's settings: embedded servers and this worker's own database.

A template database, named after a hash of everything that shapes it, is built once: public schema, tenant
template, two tenants with the demo's people. Each xdist worker gets a copy (about a second), and a test that
commits gets a new copy afterwards (``recreate_database``).
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from config.embedded.postgres import PostgresServer, bootstrap_roles
from config.embedded.roles import OWNER, RUNTIME
from config.embedded.valkey import ValkeyServer

ROOT = Path(__file__).resolve().parent.parent
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_SHAPING = (
    "*/migrations/*.py", "*/*/migrations/*.py", "*/models.py", "*/*/models.py", "shared_apps/tenants/**/*.py",
    "audit/*.py", "shared_apps/ledger/*.py", "tenant_apps/members/*.py", "config/embedded/roles.py", "tests/servers.py",
    "config/settings/*.py", "requirements/base.txt",
)  # fmt: skip

postgres = PostgresServer(profile="test")
valkey = ValkeyServer(profile="test")


def shape() -> str:
    """Hash of every file that the template database depends on."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in _SHAPING for path in ROOT.glob(pattern)}):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


TEMPLATE = f"th_template_{shape()}"
DATABASE = f"th_test_{WORKER}"


def environment(database: str) -> dict[str, str]:
    """The variables that point a Django process at one test database."""
    number = int(WORKER.removeprefix("gw")) if WORKER.startswith("gw") else 0
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "DATABASE_URL": postgres.url(database, RUNTIME),
        "DATABASE_OWNER_URL": postgres.url(database, OWNER),
        # Databases 0, 1, 2 of a Valkey are broker, channel layer, cache; each worker has its own prefix.
        "REDIS_URL": valkey.url(2),
        "BROKER_URL": valkey.broker_url(),
        "TEST_WORKER": str(number),
    }


def build_template() -> None:
    """Build the template database if no process has; a lock lets exactly one do it."""
    postgres.directory.mkdir(parents=True, exist_ok=True)
    with (postgres.root / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with postgres.connect() as cluster:
            names = [str(row[0]) for row in cluster.execute("SELECT datname FROM pg_database").fetchall()]
            if TEMPLATE in names:
                return
            for name in names:
                if name.startswith("th_template_"):
                    cluster.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        building = f"{TEMPLATE}_building"
        bootstrap_roles(postgres, building)
        for command in (["migrate_tenants"], ["seed_demo", "--people-only"]):
            done = subprocess.run(
                [sys.executable, "manage.py", *command],
                cwd=ROOT, env={**os.environ, **environment(building)},
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if done.returncode:
                raise RuntimeError(f"manage.py {command[0]} failed:\n{done.stdout}\n{done.stderr}")
        with postgres.connect() as cluster:
            cluster.execute(f'ALTER DATABASE "{building}" RENAME TO "{TEMPLATE}"')


def create_database() -> None:
    """Make this worker's database anew from the template."""
    with postgres.connect() as cluster:
        cluster.execute(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)')
        cluster.execute(f'CREATE DATABASE "{DATABASE}" TEMPLATE "{TEMPLATE}" STRATEGY FILE_COPY')
    bootstrap_roles(postgres, DATABASE, create=False)


def _start() -> None:
    postgres.start()
    valkey.start()
    atexit.register(valkey.stop)
    atexit.register(postgres.stop)
    arguments = " ".join(sys.argv).replace("-n 0", "").replace("-n0", "")  # -n 0 has no workers
    is_controller = WORKER == "main" and " -n" in arguments
    build_template()
    if not is_controller:
        create_database()
    os.environ.update(environment(DATABASE))


_start()
