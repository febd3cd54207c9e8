"""The ledger: posts from Django beside pgbench calling the same function and beside django-hordak; balances.

Money is posted on a server that keeps what it committed (fsync on, on a disk); figures named ``@no_wait`` are
of commits that do not wait for the disk, where the clients' own work weighs most on a machine of few cores.
Four clients each, 1,000 accounts, in turns. pgbench sends one prepared statement a transfer, which is the
least that the function can be asked with; the Django side opens its transaction and names its actor.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench import servers
from bench.figures import Series, in_turns, report, say
from bench.ledger_writer import ACCOUNTS, HOT, code
from config.embedded import install
from config.embedded.binaries import find_postgres
from config.embedded.paths import var_directory
from config.embedded.postgres import PostgresServer
from config.embedded.roles import OWNER, RUNTIME

DATABASE, PEER = "bench_ledger", "bench_hordak"
CLIENTS, SECONDS, ROUNDS = 4, 3, 5
POSTINGS, READS = 1_000_000, 2_000
YARDSTICKS = servers.HOME / "yardsticks"


class Clients:
    """Processes that work at the same time and count what they did."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self._processes = [
            subprocess.Popen(command, cwd=servers.ROOT, env=environment, **pipes) for _ in range(CLIENTS)
        ]

    def per_second(self, case: str, seconds: float = SECONDS) -> float:
        """Transfers a second, all clients together."""
        for process in self._processes:
            assert process.stdin
            process.stdin.write(f"{case} {seconds}\n")
            process.stdin.flush()
        counts = []
        for process in self._processes:
            assert process.stdout
            counts.append(int(process.stdout.readline() or 0))
        if 0 in counts:
            raise SystemExit("a client failed")
        return sum(counts) / seconds

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            assert process.stdin
            process.stdin.close()
            process.wait()


class PgBench:
    """pgbench with the same function, actor and accounts, one prepared statement a transfer."""

    def __init__(self, schema: str) -> None:
        self.binary = Path(find_postgres()) / "pgbench"
        if not self.binary.exists():
            raise SystemExit(f"there is no {self.binary}: ledger.post_pgbench_ratio cannot be measured")
        context = '{"actor":1,"email":"trader@bench.example.com","cid":"00000000000000000000000000000000"}'
        self.environment = {
            **os.environ,
            "PGOPTIONS": f"-c role=tr_{schema} -c search_path={schema},public -c audit.ctx={context}",
        }
        self.scripts = {}
        for case in ("uniform", "hot"):
            # A colon before a word would be a variable of pgbench's.
            hot = "'" + HOT.replace(":", "' || chr(58) || '") + "'"
            target = hot if case == "hot" else "'member:' || :target"
            path = servers.HOME / f"{case}.sql"
            path.write_text(
                f"\\set source random(0, {ACCOUNTS - 1})\n"
                f"\\set target (:source + random(1, {ACCOUNTS - 1})) % {ACCOUNTS}\n"
                f'SELECT refused FROM "{schema}".ledger_post(NULL, gen_random_uuid(), '
                f"gen_random_uuid()::text, 'transfer', '', '', ARRAY['member:' || :source, {target}], "
                "ARRAY['EUR', 'EUR'], ARRAY[-1, 1]);\n"
            )
            self.scripts[case] = path

    def per_second(self, case: str, seconds: int = SECONDS) -> float:
        """Transfers a second, by pgbench's own count."""
        host = str(servers.postgres.socket_dir)
        done = subprocess.run(
            [str(self.binary), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", str(CLIENTS),
             "-T", str(seconds), "-f", str(self.scripts[case]), "-h", host, "-p", "5432",
             "-U", RUNTIME, DATABASE],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        match = re.search(r"tps = ([\d.]+)", done.stdout)
        if done.returncode or not match:
            raise SystemExit(f"pgbench failed:\n{done.stdout}\n{done.stderr}")
        return float(match[1])


def peer_python() -> str:
    """The interpreter of an environment with the peers; made once."""
    python, lock = YARDSTICKS / "bin" / "python", servers.ROOT / "requirements" / "bench.txt"
    stamp = YARDSTICKS / ".lock"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        uv = install.find_uv()
        if uv is None:
            raise SystemExit("django-hordak cannot be installed without uv: no ledger.post_hordak_speedup")
        for command in (
            [uv, "venv", "-q", "--clear", "--python", sys.executable, str(YARDSTICKS)],
            [uv, "pip", "sync", "-q", "--require-hashes", "--python", str(python), str(lock)],
        ):
            subprocess.run(command, check=True, env=install.environment())
        stamp.write_text(lock.read_text())
    return str(python)


def open_accounts(schema: str) -> None:
    """Everybody has a million."""
    legs = (
        f"SELECT 'member:' || n, 'EUR', 1000000 FROM generate_series(0, {ACCOUNTS - 1}) n "
        f"UNION ALL SELECT 'clearing:x:1', 'EUR', -1000000 * {ACCOUNTS}"
    )
    arrays = "SELECT array_agg(a) AS a, array_agg(b) AS b, array_agg(c::numeric) AS c"
    with servers.postgres.connect(DATABASE, OWNER) as owner:
        owner.execute(
            f'SELECT f.refused FROM ({arrays} FROM ({legs}) l(a, b, c)) l, "{schema}".ledger_post('
            "NULL, gen_random_uuid(), 'opening', 'opening', '', '', l.a, l.b, l.c) f"
        )
        owner.execute("VACUUM ANALYZE")


def fill(schema: str) -> float:
    """A million postings of two entries, written by the owner at once; seconds that it took."""
    started = time.perf_counter()
    with servers.postgres.connect(DATABASE) as superuser:
        superuser.execute(f'SET search_path = "{schema}"; SET session_replication_role = replica')
        superuser.execute(
            "INSERT INTO ledger_posting (id, key, kind, reference, memo, request_hash, actor_id, "
            "actor_label, request_id, created_at) "
            "SELECT md5('p' || n)::uuid, 'bulk:' || n, 'transfer', '', '', "
            f"'\\x00', 1, 'bench', '', now() FROM generate_series(1, {POSTINGS}) n"
        )
        superuser.execute(
            "INSERT INTO ledger_entry (posting_id, account_id, amount, balance_after) "
            "SELECT md5('p' || n)::uuid, a.id, CASE side WHEN 0 THEN 1 ELSE -1 END, 0 "
            f"FROM generate_series(1, {POSTINGS}) n, generate_series(0, 1) side, ledger_ledgeraccount a "
            f"WHERE a.code = 'member:' || ((n + side * 7) % {ACCOUNTS})"
        )
        superuser.execute("VACUUM ANALYZE")
    return time.perf_counter() - started


def balances(schema: str) -> tuple[Series, Series, float]:
    """Milliseconds of a balance and of a page of a statement, and the sum of entries that a balance saves."""
    import random

    from django.db import connection

    from shared_apps.core.context import Schema, tenant_context
    from shared_apps.ledger import queries

    one, page = Series(), Series()
    with tenant_context(Schema(schema)):
        queries.balance(code(0), "EUR")
        for _ in range(READS):
            name = code(random.randrange(ACCOUNTS))
            started = time.perf_counter()
            queries.balance(name, "EUR")
            one.values.append((time.perf_counter() - started) * 1e3)
        for _ in range(READS // 10):
            started = time.perf_counter()
            queries.statement(code(random.randrange(ACCOUNTS)), limit=50)
            page.values.append((time.perf_counter() - started) * 1e3)
        sums = Series()
        for _ in range(50):
            with connection.cursor() as cursor:
                started = time.perf_counter()
                cursor.execute(
                    "SELECT sum(e.amount) FROM ledger_entry e JOIN ledger_ledgeraccount a "
                    "ON a.id = e.account_id WHERE a.code = %s AND a.asset = 'EUR'",
                    [code(random.randrange(ACCOUNTS))],
                )
                cursor.fetchone()
                sums.values.append((time.perf_counter() - started) * 1e3)
    return one, page, sums.median


def measure(schema: str, peer: str, *, rounds: int, suffix: str) -> None:
    """Transfers a second of all three, between random accounts and with one hot account."""
    url = servers.postgres.url(PEER, OWNER)
    ours = Clients([sys.executable, "-m", "bench.ledger_writer", schema], servers.environment(DATABASE))
    theirs = Clients([peer, "-m", "bench.hordak_writer", url], {**os.environ})
    pgbench = PgBench(schema)
    for case, name in (("uniform", suffix), ("hot", f"@hot{suffix}")):
        for warm in (ours, pgbench, theirs):
            warm.per_second(case, 1)
        mine, raw, hordak = in_turns(
            rounds,
            lambda: ours.per_second(case),  # noqa: B023 - called here
            lambda: pgbench.per_second(case),  # noqa: B023
            lambda: theirs.per_second(case),  # noqa: B023
        )
        report(
            f"ledger.post_pgbench_ratio{name}", mine.median / raw.median, "x",
            {"pgbench, the same function (transfers/s)": raw.median, "from Django": mine.median},
            rounds,
        )  # fmt: skip
        report(
            f"ledger.post_hordak_speedup{name}", mine.median / hordak.median, "x",
            {"django-hordak transfer_to, no funds check (transfers/s)": hordak.median, "ours": mine.median},
            rounds,
        )  # fmt: skip
    ours.close()
    theirs.close()


def main() -> None:
    """Run the group on a server of its own."""
    peer = peer_python()
    servers.postgres = PostgresServer(var_directory() / "bench", profile="safe")
    with servers.running():
        run(peer)


def run(peer: str) -> None:
    """Everything, the server being up."""
    servers.copy(servers.built(2), DATABASE)
    servers.enter(DATABASE)
    from shared_apps.core.context import platform_context
    from shared_apps.tenants.models import Tenant

    with platform_context():
        schema = Tenant.objects.order_by("id").values_list("schema_name", flat=True)[0]
    open_accounts(schema)
    servers.create(PEER)
    url = servers.postgres.url(PEER, OWNER)
    subprocess.run([peer, "-m", "bench.hordak_writer", url, "migrate"], cwd=servers.ROOT, check=True)
    say(f"{ROUNDS} rounds of {SECONDS} s, {CLIENTS} clients each")
    measure(schema, peer, rounds=ROUNDS, suffix="")
    with servers.postgres.connect() as cluster:
        for login in (RUNTIME, OWNER):
            cluster.execute(f"ALTER ROLE {login} SET synchronous_commit = off")
    try:
        measure(schema, peer, rounds=3, suffix="@no_wait")
    finally:
        with servers.postgres.connect() as cluster:
            for login in (RUNTIME, OWNER):
                cluster.execute(f"ALTER ROLE {login} RESET synchronous_commit")
    say(f"{POSTINGS} postings written in {fill(schema):.0f} s")
    one, page, summed = balances(schema)
    report(
        "ledger.balance_ms", one.median, "ms",
        {"at postings": POSTINGS, "95th percentile": one.percentile(0.95),
         "a statement's page of 50": page.median, "the same from the sum of its 2,000 entries": summed},
        READS,
    )  # fmt: skip
    servers.drop(DATABASE)
    servers.drop(PEER)


if __name__ == "__main__":
    main()
