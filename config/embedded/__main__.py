"""`python -m config.embedded run | exec COMMAND… | env | reset`.

run: the whole product in the foreground (`make run`). exec: one command, with the embedded servers up for as
long as it takes. env: the servers' addresses, for a shell beside a running `make run`. reset: forget all.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys

from config.embedded.errors import EmbeddedServerError
from config.embedded.paths import CHECKOUT, var_directory
from config.embedded.servers import Servers
from config.embedded.supervisor import Supervisor


def execute(command: list[str]) -> int:
    """Run a command with the servers up; returns its exit code."""
    servers = Servers(os.environ, var_directory())
    try:
        environment = {**os.environ, **servers.start()}
        return subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode
    finally:
        servers.stop()


def main(arguments: list[str]) -> int:
    """Run the chosen command; returns the exit code."""
    match arguments:
        case ["run"]:
            return Supervisor(os.environ).run()
        case ["exec", _, *_]:
            return execute(arguments[1:])
        case ["env"]:
            for name, value in Servers(os.environ, var_directory()).addresses().items():
                print(f"export {name}={shlex.quote(value)}")
            return 0
        case ["reset"]:
            Servers(os.environ, var_directory()).forget()
            return 0
    print("usage: python -m config.embedded run | exec COMMAND… | env | reset", file=sys.stderr)
    return 2


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except EmbeddedServerError as error:
        sys.exit(f"embedded servers: {error}")
