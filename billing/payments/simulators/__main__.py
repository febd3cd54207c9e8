"""``python -m billing.payments.simulators [--port PORT]``: all emulators in one process."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import uvicorn

from .app import Application, Emulator, World
from .btcpay.emulator import BTCPay
from .deliveries import Deliveries
from .faults import Faults
from .paypal.emulator import PayPal
from .state import Store
from .stripe import StripeSimulator
from .yookassa.emulator import YooKassa


def emulators(world: World) -> list[Emulator]:
    """Every emulator there is."""
    return [StripeSimulator(world), PayPal(world), YooKassa(world), BTCPay(world)]


def build(state: Path | None, *, public: str, notify: str, notify_host: str = "") -> Application:
    """The application over its state."""
    store = Store(state)
    world = World(store, Faults(store), Deliveries(store), notify)
    if notify_host:
        world.deliveries.hosts[notify] = notify_host
    return Application(world, emulators(world), public=public)


def main(arguments: list[str]) -> int:
    """Serve until the end; returns the exit code."""
    if os.environ.get("DJANGO_ENVIRONMENT") == "production":
        sys.stderr.write("the simulators are refused in production: they accept everybody's money\n")
        return 2
    parser = argparse.ArgumentParser(prog="python -m billing.payments.simulators")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--public", default="", help="how browsers reach this process, http://localhost:8790")
    parser.add_argument("--notify", default="", help="the platform's address, where webhooks of the demo go")
    parser.add_argument("--notify-host", default="", help="the Host header for --notify")
    parser.add_argument(
        "--state", type=Path, default=None, help="a file that keeps the state; else it is forgotten"
    )
    chosen = parser.parse_args(arguments)
    application = build(
        chosen.state,
        public=chosen.public or f"http://{chosen.host}:{chosen.port}",
        notify=chosen.notify,
        notify_host=chosen.notify_host,
    )
    uvicorn.run(
        application,
        host=chosen.host,
        port=chosen.port,
        lifespan="on",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
