"""Valkey on a Unix socket for development and tests: broker, channel layer and cache."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import ClassVar, Literal

from config.embedded import processes
from config.embedded.base import LocalServer
from config.embedded.binaries import find_valkey
from config.embedded.errors import EmbeddedServerError
from config.embedded.paths import private_directory, socket_directory, test_directory, var_directory

__all__ = ["EmbeddedServerError", "ValkeyServer"]

_SOCKET_FILE = "valkey.sock"
_COMMANDS = ("valkey", "redis")
_READY_SECONDS = 30.0
_STOP_SECONDS = 15.0


class ValkeyServer(LocalServer):
    """One Valkey in `root`/valkey. "safe" survives a kill -9 (append-only file), "test" keeps nothing.

    Database 0 is the Celery broker, 1 the channel layer, 2 the cache.
    """

    kind: ClassVar[str] = "valkey"

    def __init__(self, root: Path | None = None, *, profile: Literal["safe", "test"] = "safe") -> None:
        self.profile = profile
        self.root = (root or (var_directory() if profile == "safe" else test_directory())).resolve()
        super().__init__(self.root / "valkey")
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self._pid: int | None = None
        self.socket = socket_directory(self.directory, _SOCKET_FILE) / _SOCKET_FILE

    def url(self, database: int = 2) -> str:
        """Address for redis-py, the cache (2) and the channel layer (1)."""
        return f"unix://{self.socket}?db={database}"

    def broker_url(self) -> str:
        """Address for Celery."""
        return f"redis+socket://{self.socket}?virtual_host=0"

    def pid(self) -> int | None:
        """The pid of the running server."""
        if self._pid is None or not self._is_server(self._pid):
            self._pid = min(self._processes(), default=None)
        return self._pid

    def _is_server(self, pid: int) -> bool:
        return processes.describes(pid, command=_COMMANDS, directory=self.data, title=str(self.socket))

    def _processes(self) -> list[int]:
        return processes.find(command=_COMMANDS, directory=self.data, title=str(self.socket))

    def alive(self) -> bool:
        """Whether the server process runs, here or in another pid namespace over the same directory."""
        return self.pid() is not None or self._ping() is not None

    def _ping(self) -> bytes | None:
        """What the server says to PING: +PONG, or -LOADING while it reads its file; None without a server."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            try:
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64)
            except OSError:
                return None

    def _wait_ready(self) -> None:
        if not self._comes_up():  # it was on its way down
            self._boot()

    def _comes_up(self) -> bool:
        """Wait until a living server answers; False when it died."""
        deadline = time.monotonic() + _READY_SECONDS
        while (answer := self._ping()) is None or not answer.startswith(b"+PONG"):
            if not self.alive():
                return False
            if time.monotonic() > deadline:
                raise EmbeddedServerError(f"Valkey does not answer ({answer!r}): {self._log_tail()}")
            time.sleep(0.02)
        return True

    def _boot(self) -> None:
        private_directory(self.directory)
        private_directory(self.socket.parent)
        private_directory(self.data)
        processes.end_all(command=_COMMANDS, directory=self.data, title=str(self.socket))
        self.socket.unlink(missing_ok=True)
        durable = "yes" if self.profile == "safe" else "no"
        server = subprocess.Popen(
            [
                *(find_valkey(), "--port", "0", "--unixsocket", self.socket, "--unixsocketperm", "700"),
                *("--dir", self.data, "--appendonly", durable, "--appendfsync", "everysec", "--save", ""),
                *("--maxmemory-policy", "noeviction", "--logfile", self.log, "--daemonize", "yes"),
            ],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        output = server.communicate()[0].decode(errors="replace")
        if server.returncode or not self._comes_up():
            raise EmbeddedServerError(f"Valkey does not start: {output}{self._log_tail()}")

    def _halt(self) -> None:
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while self.pid() is not None:
            if time.monotonic() > deadline:
                processes.end_all(command=_COMMANDS, directory=self.data, title=str(self.socket), grace=0)
            time.sleep(0.02)
        self.socket.unlink(missing_ok=True)

    def _keeper_arguments(self) -> list[str]:
        return [str(self.root), self.profile]
