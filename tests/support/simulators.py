"""The emulators of remote services as one process on a free port, and their control address."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from tests import servers
from tests.support.live import end, free_port


@dataclass
class Simulators:
    """The running process; ``url`` is what SIMULATOR_URL is set to."""

    url: str

    def control(self, path: str, /, **data: Any) -> dict[str, Any]:
        """``control("faults", service="paypal", kind="timeout_after")``; see simulators.app."""
        answer = httpx.post(f"{self.url}/_control/{path}", json=data, trust_env=False)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def fault(self, service: str, kind: str, /, **data: Any) -> None:
        """What the next matching request meets: kinds of simulators.faults."""
        self.control("faults", service=service, kind=kind, **data)

    def webhooks(self, service: str, account: str = "") -> list[dict[str, Any]]:
        """Notifications that were sent or wait, oldest first."""
        params = {"service": service, "account": account}
        answer = httpx.get(f"{self.url}/_control/webhooks", params=params, trust_env=False)
        return list(answer.json()["webhooks"])

    def page(self, method: str, address: str, **form: str) -> httpx.Response:
        """A person's browser on a page of an emulator; redirects are not followed."""
        return httpx.request(method, address, data=form or None, trust_env=False, follow_redirects=False)


@contextmanager
def simulators(*, notify: str = "", state: str = "", port: int | None = None) -> Iterator[Simulators]:
    """Start the emulators; ``notify`` is the platform's address for their webhooks."""
    port = port or free_port()
    arguments = ["--port", str(port), "--notify", notify] + (["--state", state] if state else [])
    log = servers.ROOT / "var" / "test-logs" / f"{servers.WORKER}-simulators.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "billing.payments.simulators", *arguments],
            cwd=servers.ROOT, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, "DJANGO_ENVIRONMENT": "test"},
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                httpx.get(url, trust_env=False, timeout=2)
                break
            except httpx.HTTPError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(
                        f"the simulators did not start (exit {process.poll()}), see {log}"
                    ) from None
                time.sleep(0.05)
        yield Simulators(url)
    finally:
        end(process)


@cache
def shared() -> Simulators:
    """One process for all tests of this worker, with an account of its own for each; it ends with the worker."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(simulators())
