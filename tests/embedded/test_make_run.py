"""`make run` with the product itself: cold start, warm start, who holds which login, and a killed process."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.embedded.paths import CHECKOUT
from config.embedded.postgres import PostgresServer

from .conftest import a_place, descendants, eventually, living
from .test_supervisor import free_port, read_until

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("make-run")]
MARK = f"TRADEHALL_TEST_MARK=make-run-{os.getpid()}"


class Run:
    """`make run` over its own data and port."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.port = free_port()
        self.process: subprocess.Popen[str]
        self.greeting = ""

    def start(self) -> float:
        """Start it; returns the seconds until it was ready."""
        foreign = ("DATABASE_", "REDIS_", "BROKER_", "DJANGO_", "VALKEY_", "TEST_", "PYTEST_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        name, value = MARK.split("=")
        began = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.embedded", "run"],
            cwd=CHECKOUT,
            env=clean | {"VAR_DIR": str(self.var), "PORT": str(self.port), name: value},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.greeting = read_until(self.process, "Ctrl-C stops")
        return time.monotonic() - began

    def stop(self) -> str:
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.communicate(timeout=40)[0]

    def status(self, host: str, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request("GET", path, headers={"Host": f"{host}:{self.port}"})
        return connection.getresponse().status


@pytest.fixture(scope="module")
def cold() -> Iterator[Run]:
    with a_place() as place:
        run = Run(place / "var")
        seconds = run.start()
        assert seconds < 60
        assert "migrate  | " in run.greeting
        assert "seed     | " in run.greeting
        yield run
        if run.process.poll() is None:
            run.stop()
        assert eventually(lambda: descendants(MARK, place) == [], 15), descendants(MARK, place)


def test_the_addresses_answer(cold: Run) -> None:
    for host in ("localhost", "acme.localhost", "globex.localhost"):
        assert cold.status(host, "/health/ready/") == 200
        assert cold.status(host, "/") in (200, 302)
    assert cold.status("nobody.localhost", "/") == 404


def test_the_web_process_holds_no_owner_login(cold: Run) -> None:
    def holders() -> dict[str, bool]:
        """The product's processes, and whether each has the owner's address in its environment."""
        seen = {}
        for _, line, environment in living():
            kind = next(
                (name for name in ("-m uvicorn", "config worker", "config beat") if name in line), None
            )
            if kind and MARK.encode() in environment:
                seen[kind] = b"DATABASE_OWNER_URL=" in environment
        return seen

    assert eventually(lambda: len(holders()) == 3)
    assert holders() == {"-m uvicorn": False, "config worker": True, "config beat": False}


def test_the_application_is_never_a_superuser(cold: Run) -> None:
    server = PostgresServer(cold.var)
    with server.connect() as watcher:
        found = watcher.execute(
            "SELECT DISTINCT usename FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        ).fetchall()
    names = {row[0] for row in found}
    assert "tradehall_app" in names
    assert names <= {"tradehall_app", "tradehall_owner"}


def test_a_second_start_skips_what_is_done(cold: Run) -> None:
    output = cold.stop()
    assert cold.process.returncode == 0, output
    assert eventually(lambda: descendants(MARK, cold.var) == [])
    seconds = cold.start()
    assert "migrate" not in cold.greeting
    assert "seed" not in cold.greeting
    told = re.search(r"ready after ([\d.]+) s", cold.greeting)
    assert told is not None
    # 5 s where nothing else runs; the suite itself keeps both cores busy.
    assert seconds < 30
    assert cold.status("acme.localhost", "/health/ready/") == 200


def test_a_killed_web_process_stops_all(cold: Run) -> None:
    listening = [pid for pid, line, _ in living() if f"--port {cold.port} " in line]
    assert len(listening) == 1
    os.kill(listening[0], signal.SIGKILL)
    output = cold.process.communicate(timeout=40)[0]
    assert cold.process.returncode == 1
    assert "web ended with SIGKILL; everything is stopped" in output
