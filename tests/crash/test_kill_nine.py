"""kill -9 of web, worker, Valkey and PostgreSQL while orders are placed: none is lost, none is doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.embedded.postgres import PostgresServer, bootstrap_roles
from config.embedded.roles import OWNER, RUNTIME
from config.embedded.valkey import ValkeyServer
from tests import servers
from tests.support import live

pytestmark = [pytest.mark.crash, pytest.mark.timeout(400), pytest.mark.xdist_group("crash")]

DATABASE = "crash"
TRADER, HOST, PASSWORD = "trader@acme.example.com", "acme.localhost", "demo-Passw0rd!"
#: Clients at once, and how long they place orders.
CLIENTS, SECONDS = 2, 26


@dataclass
class Installation:
    """Servers and processes of one installation, each of which can be killed and started again."""

    root: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    port: int = field(default_factory=live.free_port)

    def __post_init__(self) -> None:
        self.postgres = PostgresServer(self.root / "pg", profile="safe")
        self.valkey = ValkeyServer(self.root / "vk", profile="safe")

    def environment(self) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "config.settings.test",
            "DATABASE_URL": self.postgres.url(DATABASE, RUNTIME),
            "DATABASE_OWNER_URL": self.postgres.url(DATABASE, OWNER),
            "REDIS_URL": self.valkey.url(),
            "BROKER_URL": self.valkey.broker_url(),
            "TEST_WORKER": "0",
            "OUTBOX_SWEEP_SECONDS": "2",
        }

    def manage(self, *arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=servers.ROOT,
            env={**os.environ, **self.environment()}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def start(self, name: str) -> None:
        arguments = {
            "web": ["uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(self.port),
                    "--log-level", "warning", "--no-access-log"],
            "worker": ["celery", "-A", "config", "worker", "-c", "2", "-l", "WARNING", "--without-gossip",
                       "--without-mingle"],
            "beat": ["celery", "-A", "config", "beat", "-l", "WARNING"],
        }[name]  # fmt: skip
        self.processes[name] = live.spawn(arguments, **self.environment())

    def kill(self, name: str) -> None:
        """SIGKILL the whole group at once, and start it again."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()
        self.start(name)

    def kill_postgres(self) -> None:
        pid = self.postgres.postmaster_pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        self.postgres.start()

    def kill_valkey(self) -> None:
        pid = self.valkey.pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self.valkey.pid() == pid and time.monotonic() < deadline:
            time.sleep(0.02)
        self.valkey.start()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.postgres.connect(DATABASE) as database:
            schema = database.execute("SELECT schema_name FROM tenants_tenant WHERE slug = 'acme'").fetchone()
            assert schema
            database.execute(f'SET search_path = "{schema[0]}", public')
            return database.execute(statement).fetchall()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path)
    made.postgres.start()
    made.valkey.start()
    try:
        bootstrap_roles(made.postgres, DATABASE)
        made.manage("migrate_tenants")
        made.manage("seed_demo")
        for name in ("web", "worker", "beat"):
            made.start(name)
        yield made
    finally:
        for process in made.processes.values():
            live.end(process, signal.SIGKILL)
        made.valkey.stop()
        made.postgres.stop()


class Client(threading.Thread):
    """Places market orders; repeats a request with the same key until it is answered."""

    def __init__(self, installation: Installation, token: str, account: str, until: float) -> None:
        super().__init__()
        self.web = live.Live(installation.port, installation.processes["web"])
        self.headers = {"Authorization": f"Bearer {token}"}
        self.account, self.until = account, until
        self.acknowledged: dict[str, str] = {}
        self.repeated = 0
        self.refused: list[bytes] = []

    def place(self, key: str, body: dict[str, str]) -> live.Answer | None:
        return attempt(
            lambda: self.web.request(
                "POST",
                "/api/v1/trading/orders/",
                host=HOST,
                json_body=body,
                headers={**self.headers, "Idempotency-Key": key},
            )
        )

    def run(self) -> None:
        while time.monotonic() < self.until:
            key = uuid.uuid4().hex[:20].upper()
            body = {
                "trading_account": self.account, "symbol": "DEMO-EUR", "client_order_id": key,
                "side": random.choice(["buy", "sell"]), "quantity": "1",
            }  # fmt: skip
            while True:
                answer = self.place(key, body)
                if answer is not None and answer.status == 201:
                    self.acknowledged[key] = answer.json()["id"]
                    break
                if answer is not None and answer.status < 500 and answer.status not in (409, 429):
                    self.refused.append(answer.body)
                    break
                self.repeated += 1
                time.sleep(0.2)
            time.sleep(0.3)


def attempt(call: Callable[[], live.Answer]) -> live.Answer | None:
    """The answer, or None when the connection broke (whatever became of the request)."""
    try:
        return call()
    except (OSError, live.http.client.HTTPException):
        return None


def wait_until(what: str, holds: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.2)


def ready_web(installation: Installation) -> live.Live:
    web = live.Live(installation.port, installation.processes["web"])

    def ready() -> bool:
        answer = attempt(lambda: web.request("GET", "/health/ready/"))
        return answer is not None and answer.status == 200

    wait_until("readiness", ready)
    return web


@pytest.mark.req("F56", "S1-22", "S1-24")
def test_no_order_is_lost_or_doubled(installation: Installation) -> None:
    web = ready_web(installation)
    token = web.log_in(HOST, TRADER, PASSWORD)
    headers = {"Authorization": f"Bearer {token}"}
    made = web.request(
        "POST", "/api/v1/trading/accounts/", host=HOST, headers=headers,
        json_body={"venue": "paper", "name": "Crash", "currency": "EUR", "opening_balance": "1000000"},
    )  # fmt: skip
    assert made.status == 201, made.body
    account = made.json()["id"]
    connected = web.request(
        "POST", f"/api/v1/trading/accounts/{account}/connect/", host=HOST, headers=headers
    )
    assert connected.json()["status"] == "connected", connected.body

    until = time.monotonic() + SECONDS
    clients = [Client(installation, token, account, until) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for blow in (
        lambda: installation.kill("worker"), lambda: installation.kill("web"), installation.kill_valkey,
        installation.kill_postgres, lambda: installation.kill("worker"),
    ):  # fmt: skip
        time.sleep(4)
        blow()
    for client in clients:
        client.join(120)
        assert not client.is_alive()
    assert [body for client in clients for body in client.refused] == []
    acknowledged = {key: order for client in clients for key, order in client.acknowledged.items()}
    assert len(acknowledged) > 20
    ready_web(installation)

    ours = f"trading_account_id = '{account}'"

    def open_orders() -> list[tuple[Any, ...]]:
        columns = "status, client_order_id, side, filled_quantity, created_at, updated_at"
        statement = (
            f"SELECT {columns} FROM trading_order WHERE {ours} AND status <> 'filled' ORDER BY created_at"
        )
        return installation.rows(statement)

    deadline = time.monotonic() + 150
    while (left := open_orders()) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert left == [], "orders that never ended"
    orders = dict(installation.rows(f"SELECT client_order_id, id::text FROM trading_order WHERE {ours}"))
    assert {key: orders.get(key) for key in acknowledged} == acknowledged, "an acknowledged order is lost"
    assert set(orders) == set(acknowledged), "an order that nobody asked for"
    filled = installation.rows(
        f"SELECT order_id::text, sum(quantity) FROM trading_execution WHERE {ours} GROUP BY order_id"
    )
    assert sorted(filled) == sorted((order, Decimal(1)) for order in orders.values())
    signed = "sum(CASE side WHEN 'buy' THEN quantity ELSE -quantity END)"
    (net,) = installation.rows(f"SELECT coalesce({signed}, 0) FROM trading_execution WHERE {ours}")[0]
    ((position,),) = installation.rows(f"SELECT quantity FROM trading_position WHERE {ours}")
    assert position == net
