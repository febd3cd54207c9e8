"""`make run` with real servers and stand-ins for web, worker and scheduler. Runs as a program of its own.

STAND_IN: "steady", "worker dies", "stubborn worker", "failing migration", "long migration".
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from config.embedded.__main__ import EmbeddedServerError
from config.embedded.group import ProcessGroup, Service
from config.embedded.postgres import PostgresServer
from config.embedded.supervisor import Supervisor

WEB = """
import http.server, os, sys
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/ready/" else 404)
        self.end_headers()
    def log_message(self, *arguments):
        print("asked for", arguments[1], flush=True)
print("owner url" if "DATABASE_OWNER_URL" in os.environ else "no owner url", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Ready).serve_forever()
"""
WORKERS = {
    "worker dies": "sleep 0.5; exit 3",
    # A child of its own, and no ear for SIGTERM.
    "stubborn worker": "trap '' TERM; sleep 1000 & while :; do sleep 0.2; done",
}
STEADY = "echo ${DATABASE_OWNER_URL:-no owner url}; exec sleep 1000"


class StandIn(Supervisor):
    """The real supervisor around other commands."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.kind = environment.get("STAND_IN", "steady")
        self.group = ProcessGroup(grace=2)

    def _prepare(self, postgres: PostgresServer | None, environment: Mapping[str, str]) -> str | None:
        script = {"failing migration": "exit 1", "long migration": "sleep 1000"}.get(self.kind, "exit 0")
        code = self.group.run(Service(name="migrate", command=["sh", "-c", script], environment=environment))
        return f"migrate failed with exit code {code}" if code and not self.group.stopping else None

    def _services(self, common: Mapping[str, str], with_owner: Mapping[str, str]) -> list[Service]:
        worker = WORKERS.get(self.kind, STEADY)
        return [
            Service(name="web", command=[sys.executable, "-c", WEB, str(self.port)], environment=common),
            Service(name="worker", command=["sh", "-c", worker], environment=with_owner),
            Service(name="beat", command=["sh", "-c", STEADY], environment=common),
        ]


if __name__ == "__main__":
    try:
        sys.exit(StandIn(os.environ).run())
    except EmbeddedServerError as error:
        sys.exit(f"embedded servers: {error}")
