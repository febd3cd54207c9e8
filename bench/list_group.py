"""20 orders over the API, the whole stack with logs and metrics on, against a bare ASGI server."""

from __future__ import annotations

import json

from bench import servers
from bench.figures import in_turns, report, say
from bench.people import seats
from bench.web import Client, WebServer

ROUNDS, REQUESTS, WARM_UP = 9, 400, 200
PATH = "/api/v1/trading/orders/"


def cpu_per_request(server: WebServer, client: Client, message: bytes, count: int = REQUESTS) -> float:
    """Microseconds of the server's CPU for one request."""
    before = server.cpu()
    for _ in range(count):
        status, _head, _body = client.raw(message)
        assert status == 200
    return (server.cpu() - before) / count * 1e6


def main() -> None:
    """Run the group."""
    database = servers.built(1)
    servers.enter(database)
    seat = seats()[0]
    message = seat.request(PATH)
    raw = {
        "BENCH_JWT_KEY": seat.key.hex(), "BENCH_SCHEMA": seat.schema, "BENCH_MEMBER": str(seat.member_id),
        "BENCH_DSN": servers.postgres.dsn(database),
    }  # fmt: skip
    with (
        WebServer(database) as ours,
        WebServer(database, target="bench.raw_server:app", interface="asginl", **raw) as bare,
    ):
        ends = [(ours, Client(ours.port)), (bare, Client(bare.port))]
        answers = [json.loads(client.raw(message)[2]) for _server, client in ends]
        same = [[row["id"] for row in answer["results"]] for answer in answers]
        assert same[0] == same[1] and len(same[0]) == 20, same
        assert set(answers[0]["results"][0]) == set(answers[1]["results"][0])
        for server, client in ends:
            cpu_per_request(server, client, message, WARM_UP)
        say(f"{ROUNDS} rounds of {REQUESTS} requests each")
        mine, theirs = in_turns(
            ROUNDS, *(lambda end=end: cpu_per_request(end[0], end[1], message) for end in ends)
        )
    report(
        "list.orders_cpu_ratio", mine.median / theirs.median, "x",
        {"bare ASGI, psycopg, orjson, JWT verified (µs CPU a request)": theirs.median,
         "ours, WSGI with tenancy, throttle, logs, metrics (µs)": mine.median},
        ROUNDS * REQUESTS,
    )  # fmt: skip


if __name__ == "__main__":
    main()
