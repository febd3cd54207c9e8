"""`python -m config.embedded.keeper KIND …`: stops a server when its last user is gone (see base.py)."""

from __future__ import annotations

import sys
from pathlib import Path

from config.embedded.base import LocalServer
from config.embedded.postgres import PostgresServer
from config.embedded.valkey import ValkeyServer


def main(kind: str, *arguments: str) -> None:
    """Keep the server of that kind; the arguments are those of its `_keeper_arguments()`."""
    server: LocalServer
    if kind == PostgresServer.kind:
        root, profile, binaries, shared = arguments
        server = PostgresServer(
            Path(root),
            profile="test" if profile == "test" else "safe",
            binaries=Path(binaries),
            shared_state=Path(shared),
        )
    else:
        root, profile = arguments
        server = ValkeyServer(Path(root), profile="test" if profile == "test" else "safe")
    server.keep()


if __name__ == "__main__":
    main(*sys.argv[1:])
