"""`make run`: servers, migrations, demo data, web, worker and scheduler as one foreground process group."""

from __future__ import annotations

import hashlib
import http.client
import math
import os
import socket
import sys
import time
from collections.abc import Mapping
from http import HTTPStatus

from config.embedded.errors import EmbeddedServerError
from config.embedded.group import ProcessGroup, Service
from config.embedded.locks import FileLock
from config.embedded.paths import CHECKOUT, make_directory, var_directory
from config.embedded.postgres import PostgresServer
from config.embedded.servers import DATABASE, Servers

_DEMO_PASSWORD = "demo-Passw0rd!"  # noqa: S105 - published in the README, refused outside development
_READY_PATH = "/health/ready/"
_PATIENCE_SECONDS = 30.0
_HEAD_START_SECONDS = 4.0


class Supervisor:
    """Runs the product in the foreground until Ctrl-C, SIGTERM or the death of one of its processes.

    `environment` decides: PORT, BASE_DOMAIN and the addresses of servers of the user's own (DATABASE_URL with
    DATABASE_OWNER_URL, REDIS_URL, BROKER_URL), each of which replaces the embedded one.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._given = dict(environment)
        self.stage = self._given.get("DJANGO_ENVIRONMENT") or "development"
        self.port = self._port()
        self.domain = self._given.get("BASE_DOMAIN") or "localhost"
        self.var = var_directory()
        self.group = ProcessGroup()
        self.simulators = ""
        self._servers: Servers | None = None

    def run(self) -> int:
        """Start everything, wait for the end, stop everything. Returns the exit code."""
        if self.stage != "development":
            raise EmbeddedServerError(
                f"`make run` is for development and refuses DJANGO_ENVIRONMENT={self.stage}: its demo logins "
                "are public. docker-compose.yml is the way to production."
            )
        make_directory(self.var, passable=os.geteuid() == 0)
        alone = FileLock(self.var / "run.lock")
        if not alone.acquire(wait=False):
            raise EmbeddedServerError(
                f"`make run` is running already over {self.var}. Stop it, or choose other data with VAR_DIR=…"
            )
        self._refuse_busy_port()
        began = time.monotonic()
        self.group.install_signals()
        try:
            trouble = self._start_all(began) if not self.group.stopping else None
        finally:
            self._stop_all()
        if trouble:
            self.group.say("run", f"{trouble}; everything is stopped")
            return 1
        self.group.say("run", "stopped")
        return 0

    def _start_all(self, began: float) -> str | None:
        """Returns what went wrong; None when the end was asked for."""
        self._servers = servers = Servers(self._given, self.var)
        addresses = servers.start()
        owner_url = addresses.pop("DATABASE_OWNER_URL")
        common = {**self._given, **addresses, "PYTHONUNBUFFERED": "1", "VAR_DIR": str(self.var)}
        common.pop("DATABASE_OWNER_URL", None)
        simulators = self._simulators(common)
        with_owner = {**common, "DATABASE_OWNER_URL": owner_url}
        if trouble := self._prepare(servers.postgres, with_owner):
            return trouble
        if self.group.stopping:
            return None
        # Web first: three programs that load at the same time on two cores delay the first page by a second.
        web, *waiting = [*self._services(common, with_owner), *simulators]
        self.group.spawn(web)
        now = time.monotonic()
        others_at, complain_at = now + _HEAD_START_SECONDS, now + _PATIENCE_SECONDS
        ready = False

        def look() -> str | None:
            nonlocal ready, complain_at
            answer = None if ready else self._ask_ready()
            while waiting and (answer is not None or time.monotonic() > others_at):
                self.group.spawn(waiting.pop(0))
            if answer == HTTPStatus.OK:
                ready = True
                self._welcome(time.monotonic() - began)
            elif not ready and time.monotonic() > complain_at:
                complain_at = math.inf
                self.group.say("run", f"not ready yet; {_READY_PATH} answers: {answer or 'nothing'}")
            return f"{dead} died" if (dead := servers.first_dead()) else None

        return self.group.wait(also=look)

    def _stop_all(self) -> None:
        self.group.say("run", "stopping")
        self.group.close()
        if self._servers is not None:
            self._servers.stop()

    def _prepare(self, postgres: PostgresServer | None, environment: Mapping[str, str]) -> str | None:
        """Migrate and seed unless this very code has done so to this very cluster."""
        fingerprint = code_fingerprint()
        if postgres is not None and prepared_by(postgres) == fingerprint:
            return None
        for name, command in (("migrate", "migrate_tenants"), ("seed", "seed_demo")):
            arguments = [sys.executable, "manage.py", command]
            code = self.group.run(Service(name=name, command=arguments, environment=environment))
            if self.group.stopping:
                return None
            if code:
                return f"{name} failed with exit code {code}"
        if postgres is not None:
            mark_prepared(postgres, fingerprint)
        return None

    def _services(self, common: Mapping[str, str], with_owner: Mapping[str, str]) -> list[Service]:
        python = [sys.executable, "-m"]
        web = [*python, "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(self.port)]
        web += ["--lifespan", "off", "--log-level", "warning", "--timeout-graceful-shutdown", "5"]
        web += ["--no-proxy-headers"]  # nobody stands between: a client's X-Forwarded-For is a lie
        # Root is no way to run Celery, and often the only user of a container that tries us out.
        quiet = ["-W", "ignore:You're running the worker with superuser"] if os.geteuid() == 0 else []
        celery = [sys.executable, *quiet, "-m", "celery", "--quiet", "-A", "config"]
        worker = [*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING"]
        worker += ["--without-gossip", "--without-mingle"]
        beat = [*celery, "beat", "--loglevel", "WARNING", "--pidfile", ""]
        return [
            Service(name="web", command=web, environment=common),
            Service(name="worker", command=worker, environment=with_owner),
            Service(name="beat", command=beat, environment=common),
        ]

    def _simulators(self, common: dict[str, str]) -> list[Service]:
        """The payment services that simulated configurations speak to; none where SIMULATOR_URL names others.

        Its address goes into `common`, so that every service learns it.
        """
        if common.get("SIMULATOR_URL"):
            return []
        port = free_port_after(self.port)
        common["SIMULATOR_URL"] = self.simulators = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "billing.payments.simulators", "--port", str(port)]
        command += ["--notify", f"http://{self.domain}:{self.port}"]
        command += ["--state", str(self.var / "simulators.sqlite")]
        return [Service(name="remotes", command=command, environment=common)]

    def _port(self) -> int:
        text = self._given.get("PORT") or "8000"
        if not text.isdecimal() or not 0 < int(text) < 65536:
            raise EmbeddedServerError(f"PORT must be a number from 1 to 65535, not {text!r}")
        return int(text)

    def _refuse_busy_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise EmbeddedServerError(
                    f"Port {self.port} of 127.0.0.1 cannot be used ({error.strerror}). "
                    f"Choose another one: make run PORT={self.port + 1 if self.port < 65535 else 8000}"
                ) from None

    def _ask_ready(self) -> int | None:
        """The status with which the web process answers whether it is ready; None without an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", _READY_PATH)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def _welcome(self, seconds: float) -> None:
        def at(host: str, path: str = "/") -> str:
            return f"http://{host}{self.domain}:{self.port}{path}"

        lines = [
            f"ready after {seconds:.1f} s",
            "",
            f"  platform      {at('')}",
            f"  tenant acme   {at('acme.')}",
            f"  tenant globex {at('globex.')}",
            f"  superadmin    {at('', '/admin/')}",
            f"  API           {at('acme.', '/swagger/')}",
            f"  mailbox       {at('', '/mailbox/')}",
            *([f"  simulators    {self.simulators}/"] if self.simulators else []),
            "",
            f"  password of every demo login: {_DEMO_PASSWORD}",
            "  platform      superadmin@example.com  admin@example.com  auditor@example.com",
            "  tenant        owner@ staff@ verifier@ seller@ buyer@ trader@ auditor@ + acme.example.com",
            "                or globex.example.com, e.g. trader@acme.example.com",
            "",
            "Ctrl-C stops everything; the data stays.",
        ]
        for line in lines:
            self.group.say("run", line)


def free_port_after(port: int) -> int:
    """The next port of the loopback that nobody listens on. Raises EmbeddedServerError."""
    for candidate in range(port + 1, min(port + 100, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
            return candidate
    raise EmbeddedServerError(f"No port after {port} is free for the simulated payment services.")


def code_fingerprint() -> str:
    """A hash over the product's code and pinned requirements: the same need not migrate or seed again."""
    digest = hashlib.sha256()
    tops = ("config", "shared_apps", "tenant_apps", "billing", "audit")
    files = [path for top in tops for path in (CHECKOUT / top).rglob("*.py")]
    for path in sorted([*files, CHECKOUT / "requirements" / "base.txt"]):
        digest.update(f"{path.relative_to(CHECKOUT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def prepared_by(postgres: PostgresServer) -> str | None:
    """The fingerprint of the code that migrated and seeded the database, kept as the database's comment."""
    with postgres.connect(DATABASE) as connection:
        query = (
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = current_database()"
        )
        row = connection.execute(query).fetchone()
    return str(row[0]) if row and row[0] else None


def mark_prepared(postgres: PostgresServer, fingerprint: str) -> None:
    """Remember which code prepared the database. The mark goes when the database goes."""
    from psycopg.sql import SQL, Identifier, Literal

    with postgres.connect(DATABASE) as connection:
        statement = SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(DATABASE), Literal(fingerprint))
        connection.execute(statement)
