"""`python launch.py PARENT COMMAND…`: run a command that gets SIGTERM when its parent dies, however it dies.

A small program of its own: code between fork and exec of a process with threads may deadlock.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1

if __name__ == "__main__":
    parent, *command = sys.argv[1:]
    if ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0):
        sys.exit("prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != int(parent):  # it died before the call
        sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - the supervisor's own commands
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
