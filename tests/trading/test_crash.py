"""kill -9 of workers while orders are on their way: after a restart none is lost and none is doubled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shared_apps.core.context import audit_context
from shared_apps.tenants.demo import PASSWORD
from tests.conftest import recreate_database
from tests.support import live as processes
from tests.support.live import Live
from tests.support.trading import SYMBOL, Market

ORDERS = 40


@pytest.fixture
def server(django_db_blocker: Any) -> Iterator[Live]:
    with django_db_blocker.unblock(), audit_context(actor_label="test"):
        Market().close(10_000, 10_000, volume=100_000)
    with processes.web() as running:
        yield running
    with django_db_blocker.unblock():
        recreate_database()


@pytest.mark.crash
@pytest.mark.req("F54", "S1-24")
def test_workers_that_are_killed_lose_and_double_no_order(server: Live) -> None:
    token = server.log_in("acme.localhost", "trader@acme.example.com", PASSWORD)

    def api(method: str, path: str, body: Any = None) -> Any:
        answer = server.request(
            method,
            f"/api/v1/{path}",
            host="acme.localhost",
            json_body=body,
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status < 300, answer.body
        return answer.json()

    account = api(
        "POST",
        "trading/accounts/",
        {"venue": "paper", "name": "A", "currency": "EUR", "settings": {"faults": {"silent_execute": 0.2}}},
    )
    api("POST", f"trading/accounts/{account['id']}/connect/")
    placed = []
    for _round in range(3):
        with processes.worker(OUTBOX_SWEEP_SECONDS="1") as worker:
            for _number in range(ORDERS // 4):
                placed.append(place(api, account["id"]))
            time.sleep(1.5)
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
    with processes.worker(OUTBOX_SWEEP_SECONDS="1"):
        deadline = time.monotonic() + 150
        while time.monotonic() < deadline:
            done = api("GET", "trading/orders/?status=filled&page_size=1")["count"]
            if done == len(placed):
                break
            time.sleep(1)
    orders = api("GET", "trading/orders/?page_size=100")["results"]
    assert sorted(order["id"] for order in orders) == sorted(placed)
    assert {order["status"] for order in orders} == {"filled"}, [
        (order["status"], order["reason_code"]) for order in orders if order["status"] != "filled"
    ]
    executions = api("GET", "trading/executions/?page_size=100")
    assert executions["count"] == len(placed)
    [position] = api("GET", "trading/positions/")["results"]
    assert position["quantity"] == f"{len(placed)}"


def place(api: Any, account: str) -> str:
    """Place an order by hand; while an earlier one is looked up, its symbol is frozen: try again."""
    body = {"trading_account": account, "symbol": SYMBOL, "side": "buy", "quantity": "1"}
    for _ in range(300):
        try:
            return str(api("POST", "trading/orders/", body)["id"])
        except AssertionError as error:
            assert "order.symbol_frozen" in str(error)
            time.sleep(0.2)
    raise AssertionError("the symbol stayed frozen")
