"""``python -m bench [GROUP…]`` (``ONLY=GROUP`` too): see the package."""

from __future__ import annotations

import os
import subprocess
import sys

from bench import servers

GROUPS = (
    "provision",
    "provision@64_tables",
    "migrate",
    "migrate@64_tables",
    "list",
    "share",
    "growth",
    "audit",
    "ledger",
)


def main(arguments: list[str]) -> int:
    """Run the groups one after the other, each in a process of its own; 1 when one of them failed."""
    asked = [word.removeprefix("ONLY=") for word in arguments if word.removeprefix("ONLY=")]
    if unknown := sorted(set(asked) - set(GROUPS)):
        print(f"no such group: {', '.join(unknown)}; there are {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    failed = []
    with servers.running():
        for group in asked or GROUPS:
            name, _, wide = group.partition("@")
            environment = {**os.environ, "BENCH_WIDE": wide}
            done = subprocess.run([sys.executable, "-m", f"bench.{name}_group"], env=environment, check=False)
            if done.returncode:
                failed.append(group)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
