"""`python -m config.embedded.watchdog`: ends process groups whose supervisor was killed.

Reads "<leader's pid> <its start time>" lines from standard input; its end means that the supervisor is gone.
Each leader has had SIGTERM by then (launch.py); whatever is left of its group after the grace gets SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path


def start_time(pid: int) -> str | None:
    """When process `pid` was started, in clock ticks since boot; with the pid it names one process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rsplit(")", 1)[1].split()[19]
    except (FileNotFoundError, ProcessLookupError):
        return None


def group_alive(leader: int, started: str) -> bool:
    """Whether anything is left of the group. While it is, its number is not given to another process."""
    if start_time(leader) not in (None, started):
        return False
    try:
        os.killpg(leader, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def main(grace: float) -> None:
    """Wait for the supervisor's end, then for the groups' ends, `grace` seconds at most."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = {int(pid): started for pid, started in (line.split() for line in sys.stdin)}
    deadline = time.monotonic() + grace
    while any(group_alive(*group) for group in groups.items()) and time.monotonic() < deadline:
        time.sleep(0.1)
    for leader, started in groups.items():
        if group_alive(leader, started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(leader, signal.SIGKILL)


if __name__ == "__main__":
    main(float(sys.argv[1]))
