"""The embedded PostgreSQL: start, sharing, and every accident that it must survive."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from config.embedded import paths
from config.embedded.binaries import find_postgres
from config.embedded.errors import EmbeddedServerError
from config.embedded.postgres import PostgresServer
from config.embedded.processes import find

from .conftest import as_root, eventually

USER = """
import json, sys, time
from pathlib import Path
from config.embedded.postgres import PostgresServer
server = PostgresServer(Path(sys.argv[1]), profile="test").start()
with server.connect() as connection:
    born = connection.execute("SELECT pg_postmaster_start_time()::text").fetchone()[0]
print(json.dumps([server.postmaster_pid(), born]), flush=True)
time.sleep(float(sys.argv[2]))
print(json.dumps(server.stop()))
"""


def start_user(root: Path, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(root), str(seconds)],
        cwd=paths.CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def one(server: PostgresServer, query: str) -> object:
    with server.connect() as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def leftovers(server: PostgresServer) -> list[int]:
    return find(command="postgres", directory=server.data, title=server.mark)


def test_starts_stops_and_keeps_the_data(place: Path, binaries: Path) -> None:
    server = PostgresServer(place, profile="safe", binaries=binaries, shared_state=place / "shared")
    with server:
        assert server.directory.name == f"pg{server.major}"
        assert one(server, "SELECT current_setting('server_version_num')::int / 10000") == server.major
        with server.connect() as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
            connection.execute("CREATE EXTENSION pg_trgm")
    assert not server.alive()
    assert leftovers(server) == []
    with server:
        assert one(server, "SELECT answer FROM kept") == 42
        assert one(server, "SHOW server_encoding") == "UTF8"
        assert one(server, "SELECT lower('ÄÖ')") == "äö"  # the locale knows more than ASCII


def test_listens_on_a_private_socket_only(shared_postgres: PostgresServer) -> None:
    assert one(shared_postgres, "SHOW listen_addresses") == ""
    assert stat.S_IMODE(shared_postgres.socket_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((shared_postgres.socket_dir / ".s.PGSQL.5432").stat().st_mode) == 0o700


def test_url_and_dsn_reach_the_same_server(shared_postgres: PostgresServer) -> None:
    url = shared_postgres.url("postgres", "postgres")
    parts = urlsplit(url)
    assert (parts.scheme, parts.username, parts.path) == ("postgresql", "postgres", "/postgres")
    assert parse_qs(parts.query) == {"host": [str(shared_postgres.socket_dir)], "port": ["5432"]}
    for address in (url, shared_postgres.dsn()):
        with psycopg.connect(address) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_small_dev_shm_does_not_matter(shared_postgres: PostgresServer) -> None:
    assert one(shared_postgres, "SHOW dynamic_shared_memory_type") == "mmap"
    assert one(shared_postgres, "SHOW shared_memory_type") == "mmap"
    assert list((shared_postgres.data / "pg_dynshmem").iterdir())  # so it is used for parallel queries


def test_only_the_test_profile_trades_durability(place: Path, shared_postgres: PostgresServer) -> None:
    names = ("fsync", "synchronous_commit", "full_page_writes", "autovacuum")
    assert {one(shared_postgres, f"SHOW {name}") for name in names} == {"off"}
    with PostgresServer(place / "safe", shared_state=place / "shared") as safe:
        assert {one(safe, f"SHOW {name}") for name in names} == {"on"}
        assert one(safe, "SHOW max_locks_per_transaction") == "1024"
        assert one(safe, "SHOW max_files_per_process") == "20000"


@pytest.mark.crash
def test_survives_a_killed_postmaster_under_a_busy_query(postgres: PostgresServer) -> None:
    with postgres.connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
        connection.execute("CHECKPOINT")
    started = threading.Event()

    def burn() -> None:
        with postgres.connect() as connection:
            started.set()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT count(*) FROM generate_series(1, 100000000000) n")

    busy = threading.Thread(target=burn)
    busy.start()
    started.wait()
    time.sleep(0.2)
    old = postgres.postmaster_pid()
    assert old is not None
    os.kill(old, signal.SIGKILL)
    assert eventually(lambda: postgres.postmaster_pid() is None)
    assert leftovers(postgres)  # the busy backend holds the shared memory

    again = PostgresServer(postgres.root, profile="test").start()
    try:
        busy.join(timeout=10)
        assert not busy.is_alive()
        assert one(again, "SELECT n FROM kept") == 1
        assert again.postmaster_pid() not in (None, old)
    finally:
        again.stop()


@pytest.mark.crash
def test_a_recycled_pid_is_neither_believed_nor_killed(postgres: PostgresServer, place: Path) -> None:
    """Innocents: an ordinary process, and one that even has the right name."""
    pid = postgres.postmaster_pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not leftovers(postgres))
    namesake = place / "postgres"
    shutil.copy("/bin/sleep", namesake)
    for program in ("/bin/sleep", str(namesake)):
        innocent = subprocess.Popen([program, "60"])
        try:
            lines = (postgres.data / "postmaster.pid").read_text().splitlines()
            (postgres.data / "postmaster.pid").write_text("\n".join([str(innocent.pid), *lines[1:]]) + "\n")
            again = PostgresServer(postgres.root, profile="test")
            assert not again.alive()
            with again:
                assert again.postmaster_pid() != innocent.pid
                assert one(again, "SELECT 1") == 1
                os.kill(again.postmaster_pid() or 0, signal.SIGKILL)
                assert eventually(lambda: not leftovers(postgres))
            assert innocent.poll() is None
        finally:
            innocent.kill()
            innocent.wait()


@as_root
@pytest.mark.crash
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv")
def test_root_of_a_container_without_ptrace(place: Path) -> None:
    """There /proc hides what other users' processes work on; the server is known by its command line."""
    script = """
import os, signal, sys, time
from pathlib import Path
from config.embedded.postgres import PostgresServer
server = PostgresServer(Path(sys.argv[1]), profile="test").start()
pid = server.postmaster_pid()
try:
    os.readlink(f"/proc/{pid}/cwd")
    sys.exit("nothing is hidden here")
except PermissionError:
    pass
again = PostgresServer(Path(sys.argv[1]), profile="test").start()
assert again.postmaster_pid() == pid
os.kill(pid, signal.SIGSTOP)  # its children notice nothing and stay
os.kill(pid, signal.SIGKILL)
again.start()
assert again.postmaster_pid() not in (None, pid)
assert again.stop() is False
assert server.stop() is True
"""
    command = ["setpriv", "--bounding-set", "-sys_ptrace", sys.executable, "-c", script, str(place)]
    answer = subprocess.run(command, cwd=paths.CHECKOUT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@as_root
@pytest.mark.parametrize("closed_part", ["binaries", "data", "both"])
def test_root_below_a_directory_that_only_root_may_enter(place: Path, closed_part: str) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    binaries = find_postgres()
    if closed_part != "data":
        package = binaries.parents[1]
        for name in (package.name, f"{package.name}.libs"):
            shutil.copytree(package.with_name(name), closed / name, symlinks=True)
        binaries = closed / package.name / binaries.relative_to(package)
    root = (place if closed_part == "binaries" else closed) / "var"
    server = PostgresServer(root, profile="test", binaries=binaries, shared_state=place / "shared")
    with server:
        assert one(server, "SELECT current_user") == "postgres"
        owner = server.data.stat().st_uid
        assert owner != 0
        with server.connect() as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    assert not server.data.is_relative_to(closed)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700  # nobody opened a door
    with PostgresServer(root, profile="test", binaries=binaries, shared_state=place / "shared") as again:
        assert one(again, "SELECT n FROM kept") == 7


def test_a_path_too_long_for_a_socket(place: Path) -> None:
    root = place / ("deep" * 20) / ("deeper" * 10)
    with PostgresServer(root, profile="test", shared_state=place / "shared") as server:
        assert len(str(server.directory / "run" / ".s.PGSQL.5432")) > 107
        assert len(str(server.socket_dir / ".s.PGSQL.5432")) < 60
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        assert one(server, "SELECT 1") == 1
        socket_directory = server.socket_dir
    shutil.rmtree(socket_directory)


def test_a_path_with_odd_characters(place: Path) -> None:
    with PostgresServer(place / "a b, 'c' \"d\" $e", profile="test", shared_state=place / "shared") as server:
        assert one(server, "SELECT 1") == 1
        socket_directory = server.socket_dir
    shutil.rmtree(socket_directory)


def test_a_socket_directory_of_somebody_else_is_refused(place: Path) -> None:
    theirs = place / "theirs"
    theirs.mkdir()
    ours = place / "ours"
    ours.symlink_to(theirs)
    with pytest.raises(EmbeddedServerError, match="belongs to"):
        paths.private_directory(ours)


def test_a_uid_without_passwd_entry_gets_a_clear_error(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(EmbeddedServerError, match=r"uid 54321 has no entry in /etc/passwd.*DATABASE_URL"):
        PostgresServer(place)
    assert list(place.iterdir()) == []


@pytest.mark.crash
def test_eight_processes_start_at_once_and_share_one_server(place: Path) -> None:
    users = [start_user(place, 0.2) for _ in range(8)]
    answers = [user.communicate(timeout=120) for user in users]
    assert [user.returncode for user in users] == [0] * 8, answers
    lines = [[json.loads(line) for line in out.splitlines()] for out, _ in answers]
    assert len({tuple(server) for server, _ in lines}) == 1
    assert [stopped for _, stopped in lines].count(True) == 1
    server = PostgresServer(place, profile="test")
    assert not server.alive()
    assert leftovers(server) == []


@pytest.mark.crash
def test_the_server_goes_when_its_last_user_is_killed(place: Path) -> None:
    first, second = start_user(place, 60), start_user(place, 60)
    for user in (first, second):
        assert user.stdout is not None
        assert json.loads(user.stdout.readline())[0]
    server = PostgresServer(place, profile="test")
    first.kill()
    first.communicate()
    time.sleep(0.3)
    assert server.alive()
    second.kill()
    second.communicate()
    assert eventually(lambda: not server.alive())
    assert eventually(lambda: leftovers(server) == [])


def test_an_interrupted_initdb_is_done_again(place: Path) -> None:
    server = PostgresServer(place, profile="test", shared_state=place / "shared")
    unfinished = server.directory / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18")
    for directory in (server.directory, place):
        directory.chmod(0o711)
    with server:
        assert one(server, "SELECT 1") == 1
    assert not unfinished.exists()


def test_a_server_that_cannot_start_says_why(postgres: PostgresServer) -> None:
    postgres.stop()
    (postgres.data / "postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EmbeddedServerError, match="no_such_setting"):
        postgres.start()
    assert not postgres.alive()
