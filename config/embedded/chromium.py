"""`python -m config.embedded.chromium`: prints the Chromium of the browser tests; exit code 1 without one.

The system's, else Playwright's own, else Debian's package when we may install it, else Playwright's download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_DOWNLOAD_SECONDS = 300


def find_chromium() -> Path | None:
    """A Chromium that is there: CHROMIUM, the system's, or Playwright's own."""
    if chosen := os.environ.get("CHROMIUM"):
        return Path(chosen)
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    cache = Path(os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    own = [path for path in cache.glob("chromium-*/chrome-linux*/chrome") if os.access(path, os.X_OK)]
    return max(own, default=None)


def install_chromium() -> Path | None:
    """Debian's package when we are root there, else Playwright's download; None when neither works."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if os.geteuid() == 0 and Path("/etc/debian_version").exists() and shutil.which("apt-get"):
        apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        attempts.insert(0, [*apt, "install", "-y", "--no-install-recommends", "chromium"])
        attempts.insert(0, [*apt, "update"])
    for command in attempts:
        try:
            subprocess.run(
                command,
                check=False,
                stdout=sys.stderr,
                timeout=_DOWNLOAD_SECONDS,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
        except (FileNotFoundError, subprocess.TimeoutExpired) as error:
            print(f"chromium: {error}", file=sys.stderr)
        if found := find_chromium():
            return found
    return None


def main() -> int:
    """Print the path of a Chromium, installing one if need be."""
    found = find_chromium() or install_chromium()
    if found is None:
        print("chromium: none found and none could be installed: browser tests are skipped", file=sys.stderr)
        return 1
    print(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
