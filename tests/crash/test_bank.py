"""The bank test: writers and PostgreSQL are killed with -9 over and over, and the books balance."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest

from config.embedded.postgres import PostgresServer, bootstrap_roles
from config.embedded.roles import OWNER, RUNTIME
from shared_apps.ledger.queries import _CHECKS
from tests import servers
from tests.crash.bank import MEMBERS, OPENING

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

DATABASE = "bank"
WRITERS = 8
#: What is killed, twenty times in all.
BLOWS = ["backend"] * 7 + ["postmaster"] * 5 + ["writer"] * 8


class Bank:
    """A PostgreSQL that keeps its promises (fsync on), and eight writers."""

    def __init__(self, root: Path) -> None:
        self.postgres = PostgresServer(root / "pg", profile="safe")
        self.journals = root / "journals"
        self.journals.mkdir()
        self.pids: dict[str, int] = {}
        self.schema = ""
        self.nursery: subprocess.Popen[str] | None = None

    def open(self) -> None:
        self.postgres.start()
        bootstrap_roles(self.postgres, DATABASE)
        environment = {
            **os.environ, **servers.environment(servers.DATABASE), "DATABASE_POOL_SIZE": "0",
            "DATABASE_URL": self.postgres.url(DATABASE, RUNTIME),
            "DATABASE_OWNER_URL": self.postgres.url(DATABASE, OWNER),
        }  # fmt: skip
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.bank", str(self.journals)], cwd=servers.ROOT, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        assert self.nursery.stdout
        self.schema = self.nursery.stdout.readline().strip()
        assert self.schema
        for number in range(WRITERS):
            self.hire(f"w{number}")

    def hire(self, name: str) -> None:
        assert self.nursery and self.nursery.stdin and self.nursery.stdout
        self.nursery.stdin.write(f"{name}\n")
        self.nursery.stdin.flush()
        self.pids[name] = int(self.nursery.stdout.readline())

    def close(self) -> None:
        if self.nursery:
            os.killpg(self.nursery.pid, signal.SIGKILL)
            self.nursery.wait()
        self.postgres.stop()

    def kill_writer(self) -> None:
        name = random.choice(list(self.pids))
        os.kill(self.pids.pop(name), signal.SIGKILL)
        self.hire(f"{name}+")

    def kill_postmaster(self) -> None:
        pid = self.postgres.postmaster_pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        self.postgres.start()

    def kill_backend(self) -> None:
        """One backend's death takes all of them down: PostgreSQL ends the others and recovers."""
        ((pid,),) = self.rows(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename = "
            f"'{RUNTIME}' ORDER BY random() LIMIT 1"
        )
        os.kill(pid, signal.SIGKILL)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Ask as often as it takes: the server may be recovering."""
        deadline = time.monotonic() + 20
        while True:
            try:
                with self.postgres.connect(DATABASE) as database:
                    if self.schema:
                        database.execute(f'SET search_path = "{self.schema}"')
                    if found := database.execute(statement).fetchall():
                        return found
                    if "pg_stat_activity" not in statement:
                        return []
            except psycopg.OperationalError:
                pass
            assert time.monotonic() < deadline, "PostgreSQL did not come back"
            time.sleep(0.05)

    def noted(self) -> tuple[dict[str, int], dict[str, int]]:
        """Keys and amounts that were tried, and those that were acknowledged."""
        found: dict[str, dict[str, int]] = {"try": {}, "ack": {}}
        for journal in self.journals.glob("*.log"):
            for line in journal.read_text().splitlines():
                word, key, amount = line.split()
                found[word][key] = int(amount)
        return found["try"], found["ack"]


@pytest.fixture
def bank() -> Iterator[Bank]:
    """In memory where there is room: a recovery syncs every file, and a disk takes seconds for it each time."""
    with TemporaryDirectory(dir=servers.postgres.root, prefix="bank") as root:
        Path(root).chmod(0o755)  # as root the server runs as another user
        made = Bank(Path(root))
        try:
            made.open()
            yield made
        finally:
            made.close()


@pytest.mark.req("F44", "S1-11", "S1-13")
def test_the_books_balance_after_twenty_kills(bank: Bank) -> None:
    blows: dict[str, Callable[[], None]] = {
        "backend": bank.kill_backend, "postmaster": bank.kill_postmaster, "writer": bank.kill_writer,
    }  # fmt: skip
    order = random.sample(BLOWS, len(BLOWS))
    for blow in order:
        time.sleep(0.25)
        blows[blow]()
    time.sleep(0.5)
    assert bank.nursery
    for pid in bank.pids.values():
        os.kill(pid, signal.SIGKILL)
    tried, acknowledged = bank.noted()
    assert len(acknowledged) > 100, "the writers hardly wrote"

    ((difference, members),) = bank.rows(
        "SELECT sum(balance), sum(balance) FILTER (WHERE code LIKE 'member:%') FROM ledger_ledgeraccount"
    )
    assert (difference, members) == (0, MEMBERS * OPENING)
    assert [row for check in _CHECKS.values() for row in bank.rows(check)] == []
    moved = bank.rows(
        "SELECT p.key, e.amount FROM ledger_posting p JOIN ledger_entry e ON e.posting_id = p.id "
        "WHERE e.amount > 0 AND p.kind <> 'opening'"
    )
    times = Counter(key for key, _amount in moved)
    assert max(times.values()) == 1, "a movement happened twice"
    found = {key: int(amount) for key, amount in moved}
    assert {key: found.get(key) for key in acknowledged} == acknowledged, "an acknowledged movement is lost"
    assert found.items() <= tried.items(), "a movement that nobody asked for"
    ((negative,),) = bank.rows(
        "SELECT count(*) FROM ledger_ledgeraccount WHERE balance < held AND NOT allow_negative"
    )
    assert negative == 0
