"""Where the embedded servers keep their things, and directories that only one user may enter."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import shutil
import stat
from pathlib import Path

from config.embedded.errors import EmbeddedServerError

CHECKOUT = Path(__file__).resolve().parents[2]
SHARED_STATE = Path("/var/lib/tradehall")
"""Where root keeps binaries and data that the unprivileged server user could not reach in the checkout."""

_MEMORY = Path("/dev/shm")  # noqa: S108 - a private directory is made in it  # nosec B108
_SHORT = Path("/tmp")  # noqa: S108 - private_directory() refuses a foreign one  # nosec B108
_ROOM = 1 << 30
_MAX_SOCKET_PATH = 107  # sun_path has 108 bytes with its closing NUL
_PLAIN_PATH = re.compile(r"[\w./@+-]+", re.ASCII)  # PostgreSQL and libpq split socket directories at commas


def short_hash(path: Path) -> str:
    """Twelve characters that stand for an absolute path."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def var_directory() -> Path:
    """The data of `make run`: VAR_DIR, or var/ in the checkout."""
    return Path(os.environ.get("VAR_DIR") or CHECKOUT / "var").resolve()


def test_directory() -> Path:
    """The root of the test servers: in memory when it has room for 1 GiB, else in var/; one per checkout."""
    try:
        room = shutil.disk_usage(_MEMORY).free
    except OSError:
        room = 0
    if room < _ROOM or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return var_directory() / "test"
    return _MEMORY / f"tradehall-{os.geteuid()}-{short_hash(CHECKOUT)}"


def can_reach(path: Path, user: pwd.struct_passwd) -> bool:
    """Whether `user` may enter every directory above `path` (of those that exist)."""
    groups = os.getgrouplist(user.pw_name, user.pw_gid)
    for parent in path.parents:
        try:
            info = parent.stat()
        except FileNotFoundError:
            continue
        if info.st_uid == user.pw_uid:
            needed = stat.S_IXUSR
        elif info.st_gid in groups:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not info.st_mode & needed:
            return False
    return True


def make_directory(path: Path, *, passable: bool) -> None:
    """Create `path` and what is missing above it; `passable` lets other users walk through, not list."""
    missing = [p for p in (path, *path.parents) if not p.exists()]
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)
        if passable:
            directory.chmod(0o711)
    owner = path.lstat().st_uid
    if path.is_symlink() or owner not in (os.geteuid(), 0) or not os.access(path, os.W_OK | os.X_OK):
        raise EmbeddedServerError(
            f"{path} belongs to uid {owner}, and this process is uid {os.geteuid()}. Remove it, or choose "
            "another place with VAR_DIR."
        )


def private_directory(path: Path, owner: pwd.struct_passwd | None = None) -> Path:
    """Create `path` with mode 0700 for `owner` (the current user by default); refuse one that is not theirs.

    Needed below world-writable places: there anybody could have made the directory before us.
    """
    uid = os.geteuid() if owner is None else owner.pw_uid
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        info = path.lstat()
        if not stat.S_ISDIR(info.st_mode) or info.st_uid not in (uid, os.geteuid()):
            raise EmbeddedServerError(
                f"{path} belongs to uid {info.st_uid}, the server runs as uid {uid}. "
                "Remove it, or choose another place with VAR_DIR."
            ) from None
    path.chmod(0o700)
    if owner is not None:
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return path


def socket_directory(wanted: Path, file_name: str) -> Path:
    """`wanted`, or a short directory named after its hash when a socket's address cannot hold it."""
    if len(os.fsencode(wanted / file_name)) <= _MAX_SOCKET_PATH and _PLAIN_PATH.fullmatch(str(wanted)):
        return wanted
    return _SHORT / f"tradehall-{os.geteuid()}-{short_hash(wanted)}"
