"""Servers of the tests' own, each in a directory that the server's user can reach and that goes again."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.embedded import processes
from config.embedded.binaries import find_postgres, postgres_major
from config.embedded.postgres import PostgresServer, bootstrap_roles


@contextlib.contextmanager
def a_place() -> Iterator[Path]:
    """A directory outside pytest's own, which others may walk through but not read."""
    path = Path(tempfile.mkdtemp(prefix="thtest-")).resolve()
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@functools.cache
def initialised() -> Path:
    """A cluster of this test process that was started once and has its roles: copying it is faster than initdb."""
    path = Path(tempfile.mkdtemp(prefix="thtest-")).resolve()
    path.chmod(0o711)
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    with PostgresServer(path, shared_state=path / "shared") as server:
        bootstrap_roles(server, "tradehall")
    return server.directory


def copy_cluster(root: Path) -> None:
    """Lay an initialised cluster into `root`."""
    root.mkdir(mode=0o711, exist_ok=True)
    subprocess.run(["cp", "-a", str(initialised()), str(root)], check=True)


@contextlib.contextmanager
def a_server(path: Path) -> Iterator[PostgresServer]:
    """A running server below `path`."""
    copy_cluster(path / "var")
    server = PostgresServer(path / "var", profile="test", shared_state=path / "shared").start()
    yield server
    server.stop()
    processes.end_all(command="postgres", directory=server.data, title=server.mark, grace=0)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory outside pytest's own, which only its owner may enter."""
    with a_place() as path:
        yield path


@pytest.fixture
def postgres(place: Path) -> Iterator[PostgresServer]:
    """A running server that the test may break."""
    with a_server(place) as server:
        yield server


@pytest.fixture(scope="module")
def shared_postgres() -> Iterator[PostgresServer]:
    """A running server that the module's tests only look at."""
    with a_place() as path, a_server(path) as server:
        yield server


@pytest.fixture
def mark() -> str:
    """A text for the environment of processes, which all their descendants inherit."""
    return f"TRADEHALL_TEST_MARK={uuid.uuid4().hex}"


def living() -> Iterator[tuple[int, str, bytes]]:
    """Pid, command line and environment of every process that we may look at."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield int(entry.name), line, (entry / "environ").read_bytes()


def descendants(mark: str, place: Path) -> list[str]:
    """The command lines of all processes with `mark` in their environment or working below `place`.

    Servers write their titles over their environment, but each works in its data directory.
    """
    found = []
    for pid, line, environment in living():
        try:
            inside = Path(os.readlink(f"/proc/{pid}/cwd")).is_relative_to(place)
        except OSError:
            inside = False
        if inside or mark.encode() in environment:
            found.append(line)
    return found


def eventually(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether the condition becomes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def all_postgres() -> list[Path]:
    """The programs of the wheel and, where it is there, of the oldest PostgreSQL that we support."""
    oldest = Path("/usr/lib/postgresql/15/bin")
    return [find_postgres(), *([oldest] if (oldest / "postgres").exists() else [])]


@pytest.fixture(params=all_postgres(), ids=lambda path: f"pg{postgres_major(path)}")
def binaries(request: pytest.FixtureRequest) -> Path:
    """Each PostgreSQL that is there."""
    return Path(request.param)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
