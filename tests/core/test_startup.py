"""A process whose login could see every tenant does not start: neither web, nor streams, nor worker."""

from __future__ import annotations

import os
import subprocess
import sys

from tests import servers

START_ALL = """
from importlib import import_module
from django.core.exceptions import ImproperlyConfigured

def work():
    from config.celery import app, prepare_worker
    prepare_worker(app.WorkController())

for start in (lambda: import_module("config.wsgi"), lambda: import_module("config.asgi"), work):
    try:
        start()
    except ImproperlyConfigured as error:
        print("refused", error)
    else:
        print("started")
"""


def test_only_the_runtime_role_may_serve():
    def answers(**changes: str) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", START_ALL],
            cwd=servers.ROOT,
            env={**os.environ, **servers.environment(servers.DATABASE), **changes},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if line.startswith(("refused", "started"))]

    assert answers() == ["started"] * 3
    owner_url = servers.environment(servers.DATABASE)["DATABASE_OWNER_URL"]
    refused = answers(DATABASE_URL=owner_url)
    assert len(refused) == 3
    for line in refused:
        assert line.startswith("refused DATABASE_URL: the login")
        assert "CREATEROLE" in line
