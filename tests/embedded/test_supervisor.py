"""`make run` as a group of processes: how it starts, what it refuses, and that nothing outlives it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded.paths import CHECKOUT
from config.embedded.valkey import ValkeyServer

from .conftest import copy_cluster, descendants, eventually

Start = Callable[..., subprocess.Popen[str]]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
    return number


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(place: Path, port: int, mark: str) -> Iterator[Start]:
    """Start `make run` with stand-ins; afterwards nothing may be left of it."""

    def run(kind: str = "steady", **environment: str) -> subprocess.Popen[str]:
        name, value = mark.split("=")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "REDIS_", "BROKER_"))}
        clean.pop("DJANGO_ENVIRONMENT", None)
        refused = any(name in environment for name in ("DATABASE_URL", "DJANGO_ENVIRONMENT", "PORT"))
        if not refused and not (place / "var").exists():
            copy_cluster(place / "var")
        settings = {"VAR_DIR": str(place / "var"), "PORT": str(port), "STAND_IN": kind, name: value}
        return subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.stand_in"],
            cwd=CHECKOUT,
            env=clean | settings | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    yield run
    assert eventually(lambda: descendants(mark, place) == [], 15), descendants(mark, place)


def read_until(process: subprocess.Popen[str], *texts: str) -> str:
    """The output up to the line with which each of `texts` has appeared."""
    assert process.stdout is not None
    lines = []
    missing = set(texts)
    for line in process.stdout:
        lines.append(line)
        missing -= {text for text in missing if text in line}
        if not missing:
            return "".join(lines)
    raise AssertionError("".join(lines))


@pytest.mark.crash
def test_ctrl_c_stops_everything_and_the_data_stays(start: Start, place: Path, port: int) -> None:
    process = start()
    greeting = read_until(process, "Ctrl-C stops")
    assert f"http://acme.localhost:{port}/" in greeting
    assert "demo-Passw0rd!" in greeting
    assert "web      | no owner url" in greeting
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the whole foreground group
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output
    assert time.monotonic() - began < 20  # at most 4 s where nothing else runs
    assert output.rstrip().endswith("stopped")
    again = start()
    began = time.monotonic()
    read_until(again, "ready after")
    assert time.monotonic() - began < 20
    again.terminate()
    again.communicate(timeout=30)
    assert again.returncode == 0


@pytest.mark.crash
def test_only_worker_and_migration_know_the_owner(start: Start) -> None:
    process = start()
    greeting = read_until(process, "worker   | ", "web      | ", "beat     | ")
    process.terminate()
    process.communicate(timeout=30)
    assert "worker   | postgresql://tradehall_owner@/tradehall" in greeting
    assert "web      | no owner url" in greeting
    assert "beat     | no owner url" in greeting


@pytest.mark.crash
def test_the_death_of_one_stops_all_and_says_which(start: Start) -> None:
    process = start("worker dies")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "worker ended with exit code 3; everything is stopped" in output


@pytest.mark.crash
def test_a_killed_server_stops_all_and_says_which(start: Start, place: Path) -> None:
    process = start()
    read_until(process, "ready after")
    os.kill(ValkeyServer(place / "var").pid() or 0, signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "valkey died; everything is stopped" in output


@pytest.mark.crash
def test_a_stubborn_process_is_killed_with_its_children(start: Start) -> None:
    process = start("stubborn worker")
    read_until(process, "ready after")
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.crash
@pytest.mark.parametrize("kind", ["steady", "stubborn worker"])
def test_nothing_outlives_a_killed_supervisor(start: Start, place: Path, mark: str, kind: str) -> None:
    process = start(kind)
    read_until(process, "ready after")
    # At least these: supervisor, watchdog, two servers and their keepers, web, worker, beat.
    assert eventually(lambda: len(descendants(mark, place)) > 9)
    process.kill()
    process.wait()
    assert eventually(lambda: descendants(mark, place) == [], 15), descendants(mark, place)


@pytest.mark.crash
def test_ctrl_c_in_the_middle_of_the_migration(start: Start, place: Path, mark: str) -> None:
    process = start("long migration")
    assert eventually(lambda: any("sleep 1000" in line for line in descendants(mark, place)), 30)
    os.killpg(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 0, output


@pytest.mark.crash
def test_a_failed_migration_stops_all(start: Start) -> None:
    process = start("failing migration")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "migrate failed with exit code 1" in output


def test_a_busy_port_is_named(start: Start, place: Path, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        process = start()
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be used" in output
    assert f"make run PORT={port + 1}" in output
    assert not (place / "var" / "valkey").exists()


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_production_is_refused(start: Start, place: Path, environment: str) -> None:
    process = start(DJANGO_ENVIRONMENT=environment)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"refuses DJANGO_ENVIRONMENT={environment}" in output
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("value", ["0", "65536", "eighty", "-1"])
def test_a_wrong_port_is_named(start: Start, value: str) -> None:
    process = start(PORT=value)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"PORT must be a number from 1 to 65535, not '{value}'" in output


def test_a_database_of_the_users_own_needs_the_owner_too(start: Start) -> None:
    process = start(DATABASE_URL="postgresql://me@localhost/mine")
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "DATABASE_OWNER_URL" in output


@pytest.mark.crash
def test_a_second_one_over_the_same_data_is_refused(start: Start) -> None:
    first = start()
    read_until(first, "ready after")
    second = start(PORT="1024")
    output, _ = second.communicate(timeout=30)
    assert second.returncode == 1
    assert "is running already over" in output
    first.terminate()
    first.communicate(timeout=30)


@pytest.mark.crash
def test_data_is_forgotten_on_demand_but_not_under_a_running_product(start: Start, place: Path) -> None:
    def reset() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "config.embedded", "reset"]
        given = {**os.environ, "VAR_DIR": str(place / "var"), "DATABASE_URL": "", "BROKER_URL": ""}
        return subprocess.run(command, cwd=CHECKOUT, env=given, capture_output=True, text=True, check=False)

    process = start()
    read_until(process, "ready after")
    refused = reset()
    assert refused.returncode == 1
    assert "is in use: stop `make run` first" in refused.stderr
    process.terminate()
    process.communicate(timeout=30)
    assert (place / "var" / "pg18").exists()
    assert reset().returncode == 0
    assert sorted(path.name for path in (place / "var").iterdir()) == ["run.lock"]


@pytest.mark.crash
def test_servers_of_the_users_own_replace_the_embedded_ones(start: Start, place: Path, mark: str) -> None:
    process = start(
        DATABASE_URL="postgresql://me@localhost/mine",
        DATABASE_OWNER_URL="postgresql://owner@localhost/mine",
        REDIS_URL="redis://localhost:1/2",
        BROKER_URL="amqp://localhost:1//",
    )
    read_until(process, "ready after", "worker   | postgresql://owner@localhost/mine")
    assert not any("postgres" in line or "valkey" in line for line in descendants(mark, place))
    process.terminate()
    process.communicate(timeout=30)
    assert sorted(path.name for path in (place / "var").iterdir()) == ["run.lock"]
