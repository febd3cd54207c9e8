"""The emulators' process: its state outlives it, its notifications arrive, and production refuses it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from billing.payments.simulators.accounts import account_name, derived, is_right, notification_path
from billing.payments.simulators.app import World
from billing.payments.simulators.deliveries import Deliveries
from billing.payments.simulators.faults import ROUTED, Faults, Kind
from billing.payments.simulators.state import Store
from tests import servers
from tests.support.inprocess import run_apart

CONFIGURATION = "0197c1de-0000-7000-8000-000000000001"


def world(store: Store, notify: str = "") -> World:
    return World(store, Faults(store), Deliveries(store), notify)


@pytest.mark.req("F43")
def test_production_refuses_the_simulators() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "billing.payments.simulators"], cwd=servers.ROOT, capture_output=True, text=True,
        env={**os.environ, "DJANGO_ENVIRONMENT": "production"}, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 2
    assert "refused in production" in done.stderr


def test_an_account_follows_from_its_configuration() -> None:
    account = account_name(CONFIGURATION)
    key = derived("paypal", account, "secret")
    assert is_right("paypal", account, "secret", key)
    assert not is_right("paypal", account, "webhook", key)
    assert not is_right("btcpay", account, "secret", key)
    assert notification_path("paypal", account) == f"/api/v1/payments/webhooks/paypal/{CONFIGURATION}/"
    assert notification_path("paypal", "sim-../../admin") == ""


def test_documents_are_those_of_their_account_and_outlive_the_process(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.sqlite")
    store.put("paypal", "order", "A", {"n": 1}, account="one")
    store.put("paypal", "order", "B", {"n": 2}, account="one")
    store.put("paypal", "order", "A", {"n": 3}, account="two")  # a later writer does not become its owner
    again = Store(tmp_path / "state.sqlite")
    assert again.get("paypal", "order", "A", account="one") == {"n": 3}
    assert again.get("paypal", "order", "A", account="two") is None
    assert again.all("paypal", "order", account="one") == [{"n": 2}, {"n": 3}]


def test_a_fault_is_met_by_the_requests_it_names_and_is_used_up() -> None:
    faults = Faults(Store(None))
    faults.add("paypal", Kind.ERROR_500, method="POST", path="/v2/", times=2)
    assert faults.take("paypal", ROUTED, method="GET", path="/v2/x") is None
    assert faults.take("stripe", ROUTED, method="POST", path="/v2/x") is None
    assert faults.take("paypal", ROUTED, method="POST", path="/v2/x") is not None
    assert faults.take("paypal", ROUTED, method="POST", path="/v2/x") is not None
    assert faults.take("paypal", ROUTED, method="POST", path="/v2/x") is None


def test_notifications_are_held_turned_round_doubled_and_lost() -> None:
    async def story() -> None:
        here = world(Store(None), "http://platform.test")
        for mode, text in (("hold", "1"), ("hold", "2"), ("duplicate", "3"), ("drop", "4")):
            here.deliveries.modes["paypal"] = mode
            here.tell("paypal", account_name(CONFIGURATION), "event", {}, text.encode())
        assert here.deliveries.release("paypal", backwards=True) == 2
        due = here.store.database.execute("SELECT body FROM delivery WHERE held = 0 ORDER BY due").fetchall()
        assert [bytes(row[0]) for row in due] == [b"3", b"3", b"2", b"1"]
        listed = here.deliveries.listed("paypal")
        assert listed[0]["url"] == f"http://platform.test/api/v1/payments/webhooks/paypal/{CONFIGURATION}/"

    run_apart(story())
