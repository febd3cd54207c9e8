"""A foreground group of processes that live and die together."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO

from config.embedded.paths import CHECKOUT
from config.embedded.watchdog import start_time

GRACE_SECONDS = 20.0
_LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, kw_only=True)
class Service:
    """A command with its whole environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


class ProcessGroup:
    """Starts services, prefixes their output, notices a death, stops all of them.

    Each service leads a session of its own, so a Ctrl-C reaches only us and we decide the order. A service
    gets SIGTERM when we die; a watchdog kills what is left of it `grace` seconds later.
    """

    def __init__(self, *, grace: float = GRACE_SECONDS, output: TextIO = sys.stdout) -> None:
        self._grace = grace
        self._output = output
        self._output_lock = threading.Lock()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._pumps: list[threading.Thread] = []
        self._watchdog: subprocess.Popen[str] | None = None
        self._requests = 0

    def install_signals(self) -> None:
        """SIGINT, SIGTERM and SIGHUP ask for the end; a second one does not wait for the grace."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, number: int, frame: object) -> None:
        self._requests += 1

    @property
    def stopping(self) -> bool:
        """Whether somebody asked for the end."""
        return self._requests > 0

    def say(self, name: str, line: str) -> None:
        """Print one line under a name."""
        with self._output_lock:
            self._output.write(f"{name:<9}| {line}\n")
            self._output.flush()

    def spawn(self, service: Service) -> None:
        """Start a service; its death ends the group."""
        self._running[service.name] = self._popen(service)

    def run(self, service: Service) -> int:
        """Run a command to its end and return its exit code; -SIGTERM when it had to be stopped."""
        process = self._popen(service)
        pump = self._pumps[-1]
        while not _has_ended(process) and not self.stopping:
            time.sleep(0.02)
        finished = _has_ended(process)
        self._end([process])
        pump.join(timeout=2)
        return process.returncode if finished else -signal.SIGTERM

    def first_dead(self) -> tuple[str, int] | None:
        """Name and exit code of a service that ended by itself."""
        for name, process in self._running.items():
            if _has_ended(process):
                self._running.pop(name)
                self._end([process])
                return name, process.returncode
        return None

    def wait(self, *, also: Callable[[], str | None], every: float = 0.2) -> str | None:
        """Wait until the end is asked for (None) or something died (what to tell about it).

        `also` is asked at each turn and tells what else went wrong, if anything.
        """
        while not self.stopping:
            if dead := self.first_dead():
                return f"{dead[0]} ended with {_exit_text(dead[1])}"
            if trouble := also():
                return trouble
            time.sleep(every)
        return None

    def stop(self, names: Sequence[str] | None = None) -> None:
        """Stop these services at the same time (all by default): SIGTERM, after the grace SIGKILL."""
        chosen = [name for name in self._running if names is None or name in names]
        self._end([self._running.pop(name) for name in chosen])

    def close(self) -> None:
        """Stop everything, the watchdog too."""
        self.stop()
        for pump in self._pumps:
            pump.join(timeout=1)
        if self._watchdog is not None and self._watchdog.stdin is not None:
            self._watchdog.stdin.close()
            self._watchdog.wait()

    def _end(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        deadline = time.monotonic() + self._grace
        before = self._requests
        for process in processes:
            if not _has_ended(process):
                process.terminate()  # the leader only: a server ends its own children better than we could
        for process in processes:
            while (
                not _has_ended(process) and time.monotonic() < deadline and self._requests <= max(before, 1)
            ):
                time.sleep(0.02)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the leader, or what a dead leader left behind
            process.wait()

    def _popen(self, service: Service) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-IS", str(_LAUNCHER), str(os.getpid()), *service.command],
            cwd=CHECKOUT,
            env=dict(service.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._watch(process.pid)
        assert process.stdout is not None
        pump = threading.Thread(target=self._pump, args=(service.name, process.stdout), daemon=True)
        pump.start()
        self._pumps.append(pump)
        return process

    def _watch(self, pid: int) -> None:
        if self._watchdog is None:
            self._watchdog = subprocess.Popen(
                [sys.executable, "-m", "config.embedded.watchdog", str(self._grace)],
                cwd=CHECKOUT,
                stdin=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
        if (started := start_time(pid)) and self._watchdog.stdin is not None:
            self._watchdog.stdin.write(f"{pid} {started}\n")
            self._watchdog.stdin.flush()

    def _pump(self, name: str, stream: IO[bytes]) -> None:
        for line in stream:
            self.say(name, line.decode(errors="replace").rstrip("\n"))


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process has ended; unreaped still, so that nobody else can have its group's number."""
    options = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return process.returncode is not None or os.waitid(os.P_PID, process.pid, options) is not None


def _exit_text(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
