"""django-tenants as it comes, in a process of its own that measures what it is told to, line by line.

``create NAME`` makes a schema by migration; ``migrate NAME …`` runs the standard executor over schemas.
"""

from __future__ import annotations

import subprocess
import sys
from io import StringIO

from bench import servers


class Stock:
    """The other end: starts the process and asks it."""

    def __init__(self, database: str, **more: str) -> None:
        environment = servers.environment(database, DJANGO_SETTINGS_MODULE="bench.settings_stock", **more)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.stock"], cwd=servers.ROOT, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def ask(self, *words: str) -> float:
        """Send a line; returns the seconds that it took there."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"django-tenants failed at {' '.join(words)[:200]}")
        return float(answer)

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    """Answer lines until the input ends."""
    import django

    django.setup()
    from django.db import connection
    from django_tenants.migration_executors.base import run_migrations
    from django_tenants.migration_executors.standard import StandardExecutor

    from bench.figures import timed

    def create(name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{name}"')
        migrate(name)

    options = {
        "app_label": None, "migration_name": None, "verbosity": 0, "interactive": False, "plan": False,
        "fake": False, "fake_initial": False, "run_syncdb": False, "check_unapplied": False, "prune": False,
        "check": False, "database": "default", "skip_checks": True, "traceback": False, "no_color": True,
        "force_color": False, "pythonpath": None, "settings": None, "stdout": StringIO(),
    }  # fmt: skip

    def migrate(*names: str) -> None:
        StandardExecutor((), options).run_migrations(tenants=list(names))

    run_migrations((), options, "standard", "public", allow_atomic=True)
    for line in sys.stdin:
        word, *names = line.split()
        seconds = timed(lambda: {"create": create, "migrate": migrate}[word](*names))  # noqa: B023 - called here
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
