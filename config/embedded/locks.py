"""Advisory file locks. The kernel drops them when their holder dies, kill -9 included."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


class FileLock:
    """flock(2) on `path`; each instance is its own holder, also inside one process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this instance holds the lock (shared or exclusive)."""
        return self._fd is not None

    def is_current(self) -> bool:
        """Whether the locked file is still the one at `path` (somebody may have removed the directory)."""
        if self._fd is None:
            return False
        try:
            there = self.path.stat()
        except FileNotFoundError:
            return False
        mine = os.fstat(self._fd)
        return (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino)

    def acquire(self, *, shared: bool = False, wait: bool = True) -> bool:
        """Take the lock; False when `wait` is off and another holder is in the way."""
        self.release()
        mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB)
        while True:
            self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(self._fd, mode)
            except BlockingIOError:
                self.release()
                return False
            if self.is_current():
                return True
            self.release()  # removed while we waited: the lock of the new file is the one that counts

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    @contextlib.contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock alone for the length of a block, waiting for it as long as it takes."""
        self.acquire()
        try:
            yield
        finally:
            self.release()
