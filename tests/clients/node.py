"""`python -m tests.clients.node`: Node.js and the packages of the TypeScript client; exit code 1 without them.

Node is the system's, or Debian's package when we may install it; the packages are those of
typescript/package-lock.json with its hashes, in var/.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent / "typescript"
_FILES = ("package.json", "package-lock.json")
_OLDEST = 18
_SECONDS = 300


def find_npm() -> str | None:
    """npm beside a Node that is new enough."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        return None
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)", told)
    return npm if found and int(found[1]) >= _OLDEST else None


def installed() -> Path | None:
    """The folder with node_modules as locked; installs them where npm is at hand. None without."""
    npm = find_npm()
    if npm is None:
        return None
    lock = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in _FILES)).hexdigest()[:16]
    folder = Path(__file__).resolve().parents[2] / "var" / "clients" / lock
    if (folder / "complete").exists():
        return folder
    making = folder.with_name(f"{lock}.{os.getpid()}")
    making.mkdir(parents=True)
    try:
        for name in _FILES:
            shutil.copy(HERE / name, making)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=making, timeout=_SECONDS, stdout=sys.stderr, check=False)
        if done.returncode:
            return None
        (making / "complete").touch()
        if not folder.exists():
            making.rename(folder)
        return folder
    finally:
        shutil.rmtree(making, ignore_errors=True)


def install_node() -> None:
    """Debian's package, where we are root."""
    if os.geteuid() != 0 or not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        return
    apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    for command in ([*apt, "update"], [*apt, "install", "-y", "--no-install-recommends", "nodejs", "npm"]):
        subprocess.run(
            command, check=False, stdout=sys.stderr, timeout=_SECONDS,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        )  # fmt: skip


def main() -> int:
    """Print the folder of the packages, installing what is missing."""
    if find_npm() is None:
        install_node()
    folder = installed()
    if folder is None:
        print(
            "node: none found and none could be installed: the TypeScript client is skipped", file=sys.stderr
        )
        return 1
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
