"""What a request costs with 1 and with 300 tenants, and what a connection keeps of 300."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

from bench import servers
from bench.figures import cpu_seconds, in_turns, report, say
from bench.web import Client, WebServer

TENANTS, ROUNDS, REQUESTS = 300, 9, 600


def backends(database: str) -> list[int]:
    """The PostgreSQL processes that serve the runtime role on a database."""
    with servers.postgres.connect() as cluster:
        rows = cluster.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND usename = 'tradehall_app'", [database]
        )
        return [int(str(row[0])) for row in rows.fetchall()]


def private_megabytes(pid: int) -> float:
    """Memory of a process that no other shares."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = {line.split(":")[0]: line.split()[1] for line in lines[1:]}
    return (int(kilobytes["Private_Dirty"]) + int(kilobytes["Private_Clean"])) / 1024


class Load:
    """A server on one database, asked by its tenants in turn."""

    def __init__(self, database: str, server: WebServer, messages: list[bytes]) -> None:
        self.database, self.server = database, server
        self._client = Client(server.port)
        self._messages: Iterator[bytes] = itertools.cycle(messages)

    def cost(self, count: int = REQUESTS) -> float:
        """Microseconds of CPU a request, in the web server and in PostgreSQL."""
        before = self._cpu()
        for message in itertools.islice(self._messages, count):
            status, _head, _body = self._client.raw(message)
            assert status == 200
        return (self._cpu() - before) / count * 1e6

    def _cpu(self) -> float:
        return self.server.cpu() + cpu_seconds(backends(self.database))


def main() -> None:
    """Run the group."""
    few, many = servers.built(1), servers.built(TENANTS)
    messages = {}
    for database in (few, many):
        output = servers.run(database, "-m", "bench.growth_messages")
        messages[database] = [bytes.fromhex(line) for line in output.split()]
    assert len(messages[many]) == TENANTS
    with WebServer(few) as small, WebServer(many) as large:
        one, three_hundred = Load(few, small, messages[few]), Load(many, large, messages[many])
        one.cost(1)
        fresh = max(map(private_megabytes, backends(few)))
        say("every tenant twice, so that each is known")
        one.cost(TENANTS)
        three_hundred.cost(2 * TENANTS)
        say(f"{ROUNDS} rounds of {REQUESTS} requests each")
        base, grown = in_turns(ROUNDS, one.cost, three_hundred.cost)
        kept = max(map(private_megabytes, backends(many)))
    report(
        "growth.request_300_ratio", grown.median / base.median, "x",
        {"1 tenant (µs CPU a request, web and PostgreSQL)": base.median,
         f"{TENANTS} tenants in turn (µs)": grown.median},
        ROUNDS * REQUESTS,
    )  # fmt: skip
    report(
        "growth.connection_mb_300", kept, "MB",
        {"measures": f"private memory of a backend that has served {TENANTS} tenants' lists",
         "after its first request (MB)": fresh},
        1,
    )  # fmt: skip


if __name__ == "__main__":
    main()
