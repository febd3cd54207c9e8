"""A web server as production starts it, and a client that speaks to it over one connection."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

from bench import servers
from bench.figures import cpu_seconds, family


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class WebServer:
    """granian over one of our applications; ``cpu`` is the time that all its processes have used."""

    def __init__(
        self, database: str, *, target: str = "config.wsgi:application", interface: str = "wsgi",
        threads: int = 1, **more: str,
    ) -> None:  # fmt: skip
        self.port = free_port()
        log = servers.VAR / f"web-{self.port}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [
            str(Path(sys.executable).with_name("granian")), "--interface", interface, "--host", "127.0.0.1",
            "--port", str(self.port), "--workers", "1", "--no-access-log", target,
        ]  # fmt: skip
        if interface == "wsgi":
            command += ["--blocking-threads", str(threads)]
        self._log = log.open("w")
        self._process = subprocess.Popen(
            command, cwd=servers.ROOT, env=servers.environment(database, **more),
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._log_path = log

    def __enter__(self) -> Self:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    self.__exit__(None, None, None)
                    raise SystemExit(f"the server does not start:\n{self._log_path.read_text()}") from None
                time.sleep(0.05)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    def cpu(self) -> float:
        """Seconds."""
        return cpu_seconds(family(self._process.pid))


class Client:
    """HTTP/1.1 over a connection that stays open; keeps cookies by host, and sends what a proxy would add."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._cookies: dict[str, dict[str, str]] = {}

    def raw(self, message: bytes) -> tuple[int, bytes, bytes]:
        """Send a request as it is; returns status, head and body."""
        self._socket.sendall(message)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        status, lower = int(head[9:12]), head.lower()
        if match := re.search(rb"\r\ncontent-length: *(\d+)", lower):
            while len(body) < int(match[1]):
                body += self._receive()
        elif b"transfer-encoding: chunked" in lower:
            while not body.endswith(b"0\r\n\r\n"):
                body += self._receive()
        return status, head, body

    def _receive(self) -> bytes:
        part = self._socket.recv(1 << 16)
        if not part:
            raise SystemExit("the server closed the connection")
        return part

    def request(
        self, method: str, host: str, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Send a request with this host's cookies; returns status and body."""
        cookies = self._cookies.setdefault(host, {})
        body = urlencode(form).encode() if form is not None else b""
        lines = {
            "Host": host, "X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1", "Accept": "text/html",
            "Content-Length": str(len(body)), **headers,
        }  # fmt: skip
        if cookies:
            lines["Cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        if form is not None:
            lines |= {"Content-Type": "application/x-www-form-urlencoded", "Referer": f"https://{host}{path}"}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        status, answer, content = self.raw(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        for name, value in re.findall(rb"(?i)\r\nset-cookie: ([^=]+)=([^;\r]*)", answer):
            cookies[name.decode()] = value.decode()
        return status, content

    def submit(self, host: str, path: str, form: dict[str, str]) -> tuple[int, bytes]:
        """Open a page with a form, then post it with the page's CSRF token; the time of opening is extra."""
        return self.request("POST", host, path, self.with_token(host, path, form))

    def with_token(self, host: str, path: str, form: dict[str, str]) -> dict[str, str]:
        """The form with the token of its page."""
        status, page = self.request("GET", host, path)
        match = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if status != 200 or match is None:
            raise SystemExit(f"{host}{path}: {status} {page[:300]!r}")
        return {**form, "csrfmiddlewaretoken": match[1].decode()}
