"""`python3 config/embedded/install.py base|dev`: the virtual environment with the locked requirements.

Runs before anything is installed: standard library only. uv does the work, fetched with its hash checked, by
pip or without one; where it cannot be had, venv and pip do. Does nothing when the locks have not changed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from io import BytesIO
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements"
TOOLS = ROOT / ".tools"
UV = TOOLS / "bin" / "uv"
VENV = ROOT / (os.environ.get("VENV") or ".venv")
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
_PYPI = "https://pypi.org/simple"


def say(text: str) -> None:
    """Tell what takes time."""
    print(f"install  | {text}", flush=True)


def locks_hash() -> str:
    """A hash over both lock files."""
    digest = hashlib.sha256()
    for name in ("base.txt", "dev.txt"):
        digest.update((REQUIREMENTS / name).read_bytes())
    return digest.hexdigest()


def stamped() -> tuple[str, str]:
    """Which level the environment holds, and of which locks."""
    try:
        level, locks = STAMP.read_text().split()
    except (FileNotFoundError, ValueError):
        return "", ""
    return level, locks


def is_installed(level: str) -> bool:
    """Whether the environment holds this level (dev includes base) of the present locks."""
    present, locks = stamped()
    return locks == locks_hash() and present in (level, "dev") and PYTHON.exists()


def pip_settings() -> dict[str, str]:
    """pip's configuration in uv's variables: uv does not read it, and a company's index stands in it."""
    answer = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    found: dict[str, str] = {}
    for line in answer.stdout.splitlines():
        if match := re.fullmatch(r"(?:global|install|:env:)\.([\w-]+)='(.*)'", line):
            found[match[1]] = match[2]
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    result = {uv: found[pip] for pip, uv in names.items() if found.get(pip) and not os.environ.get(uv)}
    if "UV_FIND_LINKS" in result:
        result["UV_FIND_LINKS"] = ",".join(result["UV_FIND_LINKS"].split())
    if "UV_INDEX" in result:  # safe: every file's hash is in the lock
        result["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return result


def environment() -> dict[str, str]:
    """What uv is started with."""
    defaults = {"UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never", **pip_settings()}
    return {**defaults, **os.environ}


def download(url: str) -> bytes:
    """What an https address answers."""
    if not url.startswith("https://"):
        raise OSError(f"{url} is not an https address")
    with urllib.request.urlopen(url, timeout=120) as answer:  # noqa: S310 - checked above  # nosec B310
        content: bytes = answer.read()
    return content


def fetch_uv() -> None:
    """Put uv into .tools: with pip, or on a Python without pip straight from the index."""
    lock = REQUIREMENTS / "tools.txt"
    arguments = ["install", "-q", "--target", str(TOOLS), "--upgrade", "--require-hashes", "-r", str(lock)]
    pip = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False)
    if pip.returncode == 0:
        subprocess.run([sys.executable, "-m", "pip", *arguments], check=True, stderr=subprocess.DEVNULL)
        return
    text = lock.read_text()
    pinned = re.search(r"^uv==(\S+)", text, re.MULTILINE)
    if pinned is None:
        raise ValueError("requirements/tools.txt does not pin uv")
    libc = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    wanted = re.compile(
        rf'href="([^"]*/uv-{re.escape(pinned[1])}-py3-none-[^"]*{libc}[^"]*{platform.machine()}\.whl)'
    )
    index = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or _PYPI
    page = f"{index.rstrip('/')}/uv/"
    link = wanted.search(download(page).decode())
    if link is None:
        raise OSError(f"{page} has no uv {pinned[1]} for {libc} on {platform.machine()}")
    wheel = download(urllib.parse.urljoin(page, link[1]))
    if f"sha256:{hashlib.sha256(wheel).hexdigest()}" not in text:
        raise OSError(f"{link[1]} is not the file that requirements/tools.txt pins")
    UV.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(BytesIO(wheel)) as archive:
        member = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        unfinished = UV.with_suffix(".new")
        unfinished.write_bytes(archive.read(member))
    unfinished.chmod(unfinished.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    unfinished.rename(UV)


def find_uv() -> str | None:
    """uv in .tools, or the user's own; None when there is none to be had."""
    if UV.exists():
        return str(UV)
    if own := shutil.which("uv"):
        return own
    say("fetching uv")
    try:
        fetch_uv()
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        say(f"no uv ({error}); venv and pip take its place, slower")
        return None
    return str(UV)


def install(level: str) -> None:
    """Make the environment match requirements/<level>.txt exactly."""
    if stamped()[0] == "dev":
        level = "dev"  # `make run` after new locks takes nothing away from a developer
    lock = REQUIREMENTS / f"{level}.txt"
    uv = find_uv()
    say(f"installing {lock.relative_to(ROOT)} into {VENV.name}")
    STAMP.unlink(missing_ok=True)
    if uv is not None:
        settings = environment()
        if not PYTHON.exists():
            command = [uv, "venv", "-q", "--clear", "--python", sys.executable, str(VENV)]
            subprocess.run(command, check=True, env=settings)
        sync = [uv, "pip", "sync", "-q", "--require-hashes", "--python", str(PYTHON), str(lock)]
        subprocess.run(sync, check=True, env=settings)
    else:
        if not PYTHON.exists():
            subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
        subprocess.run([PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock], check=True)
    STAMP.write_text(f"{level} {locks_hash()}")


def try_newer_python(level: str) -> int:
    """Start again with a Python that is new enough; only returns when there is none."""
    for minor in range(OLDEST[1] + 10, OLDEST[1] - 1, -1):
        if newer := shutil.which(f"python{OLDEST[0]}.{minor}"):
            os.execv(newer, [newer, __file__, level])  # noqa: S606 - the same program
    wanted, found = (".".join(map(str, version[:2])) for version in (OLDEST, sys.version_info))
    say(f"Python {wanted} or newer is needed; {sys.executable} is {found}, and there is no newer one")
    return 1


def main(level: str) -> int:
    """Install `level` unless it is there; returns the exit code."""
    if sys.version_info < OLDEST:
        return try_newer_python(level)
    if is_installed(level):
        return 0
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # `make run` and `make test` at the same time
        if is_installed(level):
            return 0
        try:
            install(level)
        except subprocess.CalledProcessError as error:
            say(f"failed: {' '.join(map(str, error.cmd))} ended with exit code {error.returncode}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main("dev" if sys.argv[1:] == ["dev"] else "base"))
