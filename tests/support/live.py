"""The product as processes: web, worker and beat against this worker's own database, over real sockets."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests import servers

START_SECONDS = 40


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Answer:
    """What came back over the socket."""

    status: int
    headers: dict[str, str]
    body: bytes
    set_cookies: list[str] = field(default_factory=list)

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Live:
    """One running web process."""

    port: int
    process: subprocess.Popen[bytes]

    def request(
        self,
        method: str,
        path: str,
        *,
        host: str = "localhost",
        json_body: Any = None,
        headers: dict[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request with exactly this Host header."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = {"Host": host, **(headers or {})}
        if json_body is not None:
            body = json.dumps(json_body).encode()
            sent["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            return Answer(
                response.status,
                {name.lower(): value for name, value in response.getheaders()},
                response.read(),
                response.headers.get_all("Set-Cookie") or [],
            )
        finally:
            connection.close()

    def raw(self, head: bytes) -> int:
        """Send bytes as they are; the status of the answer, 0 when the server just closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(head)
            line = connection.makefile("rb").readline()
        return int(line.split()[1]) if line.startswith(b"HTTP/") else 0

    def log_in(self, host: str, email: str, password: str) -> str:
        """An access token from the API's log-in."""
        answer = self.request(
            "POST", "/api/v1/auth/login/", host=host, json_body={"email": email, "password": password}
        )
        assert answer.status == 200, answer.body
        return str(answer.json()["access"])


def spawn(arguments: list[str], **environment: str) -> subprocess.Popen[bytes]:
    """Start a process of the product against this worker's database; its output goes to a file in var/."""
    log = servers.ROOT / "var" / "test-logs" / f"{servers.WORKER}-{arguments[0]}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=servers.ROOT,
            env={**os.environ, **servers.environment(servers.DATABASE), **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes], how: int = signal.SIGTERM) -> None:
    """End a process of ours and everything that it started."""
    if process.poll() is None:
        os.killpg(process.pid, how)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def web(port: int | None = None, **environment: str) -> Iterator[Live]:
    """The web process of `make run` (ASGI) on a free port, ready to answer."""
    port = port or free_port()
    arguments = ["uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port),
                 "--no-proxy-headers"]  # fmt: skip
    process = spawn([*arguments, "--log-level", "warning", "--no-access-log"], **environment)
    live = Live(port, process)
    try:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if live.request("GET", "/health/live/").status == 200:
                    break
            except OSError:
                pass  # not listening yet
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the web process did not start (exit {process.poll()})")
            time.sleep(0.05)
        yield live
    finally:
        end(process)


@contextmanager
def worker(**environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker with beat inside, as a deployment with one worker runs it."""
    process = spawn(
        ["celery", "-A", "config", "worker", "-c", "2", "-B", "-l", "WARNING", "--without-gossip",
         "--without-mingle", "-s", str(servers.ROOT / "var" / f"beat-{servers.WORKER}")],
        **environment,
    )  # fmt: skip
    try:
        yield process
    finally:
        end(process)
