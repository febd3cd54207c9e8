"""Finding and ending processes by what they are, never by a number in a file alone (numbers are recycled)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

PROC = Path("/proc")


def describes(pid: int, *, command: str | tuple[str, ...], directory: Path, title: str) -> bool:
    """Whether process `pid` is alive, is called `command…` (or one of them) and works in `directory`.

    The working directory of another user's process is hidden from a root without CAP_SYS_PTRACE (the usual
    container): `title`, a text that must stand in its command line, decides then.
    """
    try:
        state = (PROC / str(pid) / "stat").read_text(errors="replace")
        name, rest = state.split("(", 1)[1].rsplit(")", 1)
        if rest.split()[0] in "ZX" or not name.startswith(command):
            return False
        try:
            return Path(os.readlink(PROC / str(pid) / "cwd")) == directory
        except PermissionError:
            line = (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ")
            return os.fsencode(title) in line
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return False


def find(*, command: str | tuple[str, ...], directory: Path, title: str) -> list[int]:
    """The pids of all processes that `describes` accepts."""
    pids = [int(entry.name) for entry in os.scandir(PROC) if entry.name.isdigit()]
    return [pid for pid in pids if describes(pid, command=command, directory=directory, title=title)]


def end_all(*, command: str | tuple[str, ...], directory: Path, title: str, grace: float = 2.0) -> None:
    """End every process that `describes` accepts: SIGQUIT first, SIGKILL after `grace` seconds."""
    deadline = time.monotonic() + grace
    signal_now = signal.SIGQUIT
    sent: set[int] = set()
    while pids := find(command=command, directory=directory, title=title):
        if time.monotonic() > deadline:
            signal_now, sent = signal.SIGKILL, set()
        for pid in set(pids) - sent:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal_now)
        sent |= set(pids)
        time.sleep(0.05)
