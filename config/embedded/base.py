"""A local server shared by the processes that need it: the first starts it, the last one stops it.

start.lock is held around start and stop; each user holds users.lock shared. A keeper process waits for
users.lock exclusively and stops the server when its last user is gone, also when that one was killed.
"""

from __future__ import annotations

import abc
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from config.embedded.errors import EmbeddedServerError
from config.embedded.locks import FileLock
from config.embedded.paths import CHECKOUT, make_directory


class LocalServer(abc.ABC):
    """Reference counting around one server process; `directory` holds its data, locks and log."""

    kind: ClassVar[str]
    log: Path

    def __init__(self, directory: Path, *, passable: bool = False) -> None:
        if sys.platform != "linux":
            raise EmbeddedServerError(
                "The embedded servers need Linux. Set DATABASE_URL, DATABASE_OWNER_URL, REDIS_URL and "
                "BROKER_URL to servers of your own."
            )
        self.directory = directory
        self._passable = passable
        self._start_lock = FileLock(directory / "start.lock")
        self._users_lock = FileLock(directory / "users.lock")
        self._keeper_lock = FileLock(directory / "keeper.lock")

    @abc.abstractmethod
    def alive(self) -> bool:
        """Whether the server process runs (it may still be recovering)."""

    @abc.abstractmethod
    def _boot(self) -> None:
        """Start the server and wait until it answers. Called under start.lock, with no server alive."""

    @abc.abstractmethod
    def _halt(self) -> None:
        """Stop the server and wait until it is gone. Called under start.lock."""

    @abc.abstractmethod
    def _wait_ready(self) -> None:
        """Wait until a server that is alive answers; raise EmbeddedServerError when it does not."""

    @abc.abstractmethod
    def _keeper_arguments(self) -> list[str]:
        """What `python -m config.embedded.keeper KIND …` needs to build an equal object."""

    def _log_tail(self) -> str:
        """The end of the server's log, for error messages."""
        try:
            return self.log.read_text(errors="replace")[-2000:]
        except FileNotFoundError:
            return ""

    def start(self) -> Self:
        """Make sure that the server runs and count this process as its user. Idempotent."""
        make_directory(self.directory, passable=self._passable)
        with self._start_lock.exclusive():
            if not self._users_lock.is_current():
                self._users_lock.acquire(shared=True)
            try:
                if self.alive():
                    self._wait_ready()
                else:
                    self._boot()
                self._ensure_keeper()
            except BaseException:
                self._users_lock.release()
                raise
        return self

    def stop(self) -> bool:
        """No longer a user; the last one stops the server. Returns whether it was stopped."""
        if not self._users_lock.held:
            return False
        if not self._users_lock.is_current():  # the directory was removed under the server
            self._users_lock.release()
            return False
        with self._start_lock.exclusive():
            self._users_lock.release()
            stopped = self._halt_if_unused()
        deadline = time.monotonic() + 2
        while stopped and self._kept() and time.monotonic() < deadline:
            time.sleep(0.01)  # so that nothing of ours is left when the caller goes on
        return stopped

    def forget(self) -> None:
        """Remove the server's data. Raises EmbeddedServerError while somebody uses it."""
        if not self.directory.exists():
            return
        with self._start_lock.exclusive():
            if not self._halt_if_unused():
                raise EmbeddedServerError(f"{self.directory} is in use: stop `make run` first.")
            shutil.rmtree(self.directory)

    def keep(self) -> None:
        """The keeper's life: wait until nobody uses the server, then stop it."""
        deadline = time.monotonic() + 1  # others look at the lock for a moment (_kept)
        while not self._keeper_lock.acquire(wait=False):
            if time.monotonic() > deadline:
                return
            time.sleep(0.02)
        users = FileLock(self._users_lock.path)
        while True:
            users.acquire()
            users.release()
            if not self._keeper_lock.is_current():
                return
            # In the same order as start(), else both could wait for each other.
            with self._start_lock.exclusive():
                if self._halt_if_unused():
                    self._keeper_lock.release()  # before start.lock: the next start must see that we are gone
                    return

    def _halt_if_unused(self) -> bool:
        """Under start.lock: stop the server unless somebody uses it."""
        probe = FileLock(self._users_lock.path)
        while not probe.acquire(wait=False):
            if probe.acquire(shared=True, wait=False):
                probe.release()
                return False  # another user
            time.sleep(0.01)  # the keeper looked at the lock in this moment
        try:
            self._halt()
        finally:
            probe.release()
        return True

    def _kept(self) -> bool:
        """Whether a keeper lives. Shared, so that two who look do not take each other for one."""
        looker = FileLock(self._keeper_lock.path)
        if not looker.acquire(shared=True, wait=False):
            return True
        looker.release()
        return False

    def _ensure_keeper(self) -> None:
        if self._kept():
            return
        keeper = [sys.executable, "-m", "config.embedded.keeper", self.kind, *self._keeper_arguments()]
        subprocess.run(
            ["/bin/sh", "-c", '"$@" &', "sh", *keeper],  # not our child: it outlives us and leaves no zombie
            check=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
