"""PostgreSQL and Valkey for the benchmarks, apart from those of `make run` and of the tests, and databases.

The servers run with the profile of the tests (no fsync): every figure is a ratio, or says itself what it is.
"""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import wide as wide_apps
from config.embedded.paths import test_directory
from config.embedded.postgres import PostgresServer, bootstrap_roles
from config.embedded.roles import OWNER, RUNTIME
from config.embedded.valkey import ValkeyServer

ROOT = Path(__file__).resolve().parent.parent
HOME = test_directory().with_name(f"{test_directory().name}-bench")
VAR = HOME / "var"
#: Code that the benchmarks write: migrations, apps.
STEPS = HOME / "steps"
postgres = PostgresServer(HOME, profile="test")
valkey = ValkeyServer(HOME, profile="test")


@contextmanager
def running() -> Iterator[None]:
    """Hold the servers up for a block; the last process that uses them stops them."""
    postgres.start()
    valkey.start()
    try:
        yield
    finally:
        valkey.stop()
        postgres.stop()


def environment(database: str, **more: str) -> dict[str, str]:
    """The variables of a process that works as production does, on one database of the benchmarks."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "DJANGO_ENVIRONMENT": "production",
        "DJANGO_SECRET_KEY": "bench-only-" + "k" * 50,
        "FIELD_ENCRYPTION_KEYS": base64.b64encode(b"bench-only-key-of-thirty-2-bytes").decode(),
        "BASE_DOMAIN": "localhost",
        "DATABASE_URL": postgres.url(database, RUNTIME),
        "DATABASE_OWNER_URL": postgres.url(database, OWNER),
        "REDIS_URL": valkey.url(2),
        "BROKER_URL": valkey.broker_url(),
        "EMAIL_HOST": "localhost",
        "VAR_DIR": str(VAR),
        "LOG_DIR": str(VAR / "log"),
        "VALKEY_PREFIX": f"bench-{database}",
        "PYTHONPATH": f"{ROOT}:{STEPS}",
        **more,
    }


def databases() -> list[str]:
    """The names of all databases."""
    with postgres.connect() as cluster:
        return [str(row[0]) for row in cluster.execute("SELECT datname FROM pg_database").fetchall()]


def drop(database: str) -> None:
    """Remove a database, whoever is connected."""
    with postgres.connect() as cluster:
        cluster.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')


def drop_orphaned_roles() -> None:
    """Remove tenants' roles that no database knows any more: a grant takes as long as a role has members."""
    with postgres.connect() as cluster:
        rows = cluster.execute(
            "SELECT quote_ident(rolname) FROM pg_roles r WHERE rolname LIKE 'tr\\_t\\_%' AND NOT EXISTS "
            "(SELECT FROM pg_shdepend WHERE refobjid = r.oid AND dbid <> 0)"
        ).fetchall()
        for name in rows:
            cluster.execute(f"DROP ROLE {name[0]}")  # sql: an identifier that the server quoted


def create(database: str) -> None:
    """Make an empty database with its roles' rights."""
    drop(database)
    bootstrap_roles(postgres, database)


def enter(database: str) -> None:
    """Set up Django in this process, on one database."""
    import django

    os.environ.update(environment(database))
    sys.path.append(str(STEPS))
    django.setup()


def copy(source: str, target: str) -> None:
    """Make ``target`` anew as a copy of ``source``."""
    drop(target)
    with postgres.connect() as cluster:
        cluster.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}" STRATEGY FILE_COPY')
    bootstrap_roles(postgres, target, create=False)


def run(database: str, *command: str, **more: str) -> str:
    """Run Python with arguments on a database and return what it printed; what fails, ends the benchmark."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment(database, **more),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def fingerprint() -> str:
    """Hash of the code that shapes a database, so that a changed one is built anew."""
    digest = hashlib.sha256()
    for pattern in (
        "audit/**/*.py",
        "shared_apps/**/*.py",
        "billing/**/*.py",
        "tenant_apps/**/*.py",
        "config/**/*.py",
        "bench/*.py",
    ):
        for path in sorted(ROOT.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def built(tenants: int) -> str:
    """The database with so many tenants, each with a trader and 20 orders; made once per version."""
    wide = "wide_" if os.environ.get("BENCH_WIDE") else ""
    name, suffix = f"bench_{wide}{tenants}_{fingerprint()}", fingerprint()
    if name in databases():
        return name
    for old in databases():
        if old.startswith("bench_") and not old.endswith(suffix):
            drop(old)
    drop_orphaned_roles()
    print(f"building {name} …", file=sys.stderr)
    building, started = f"{name}_building", time.monotonic()
    drop(building)
    bootstrap_roles(postgres, building)
    if wide:
        wide_apps.write(STEPS)
        run(building, "manage.py", "makemigrations", *wide_apps.apps(), "--verbosity=0")
    run(building, "manage.py", "migrate_tenants", "--no-spares")
    run(building, "-m", "bench.seed", str(tenants))
    run(building, "manage.py", "collectstatic", "--noinput", "--verbosity=0")
    with postgres.connect() as cluster:
        cluster.execute(f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    print(f"built in {time.monotonic() - started:.0f} s", file=sys.stderr)
    return name
