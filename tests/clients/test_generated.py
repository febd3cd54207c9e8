"""Clients that developers generate from our description compile strictly, and work (docs/api.md)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.trading import make_trading
from tests.clients import node
from tests.conftest import recreate_database
from tests.servers import ROOT
from tests.support import live as live_processes
from tests.support.live import Live

HERE = Path(__file__).parent
DESCRIPTION = ROOT / "config" / "openapi.yaml"

pytestmark = [pytest.mark.req("S3-9", "F114"), pytest.mark.xdist_group("clients")]


@pytest.fixture(scope="module")
def server(django_db_blocker: Any) -> Iterator[Live]:
    """A running server where acme's trader has traded."""
    with live_processes.web() as running:
        with django_db_blocker.unblock():
            make_trading()
        yield running
    with django_db_blocker.unblock():
        recreate_database()


def run(*command: str | Path, where: Path, **environment: str) -> str:
    """What a command prints; fails with it."""
    done = subprocess.run(
        [str(part) for part in command], cwd=where, env={**os.environ, **environment},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command[:4]}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def chapter_holds(told: str) -> None:
    """Each step of the chapter said what it did."""
    assert "I am trader@acme.example.com" in told
    assert "connected Practice" in told
    assert "ordered buy 1.5 COIN-EUR" in told
    assert "executions worth" in told
    assert "refused: auth.invalid_credentials" in told
    assert "not modified, changed, refused: 304 200 412" in told


def test_python(server: Live, tmp_path: Path) -> None:
    generator = Path(sys.executable).with_name("openapi-python-client")
    package = tmp_path / "tradehall_client"
    run(
        generator, "generate", "--path", DESCRIPTION, "--config", HERE / "python" / "generator.yaml",
        "--meta", "none", "--output-path", package, "--fail-on-warning", where=tmp_path,
    )  # fmt: skip
    chapter = tmp_path / "chapter.py"
    chapter.write_text((HERE / "python" / "chapter.py").read_text())
    (tmp_path / "mypy.ini").write_text("[mypy]\nstrict = true\n")
    run(sys.executable, "-m", "mypy", "chapter.py", "tradehall_client", where=tmp_path)
    chapter_holds(run(sys.executable, chapter, f"http://127.0.0.1:{server.port}", "acme.localhost",
                      where=tmp_path))  # fmt: skip


def test_typescript(server: Live, tmp_path: Path) -> None:
    installed = node.installed()
    if installed is None:
        pytest.skip("no Node.js with npm's packages on this machine (python -m tests.clients.node)")
    for name in ("chapter.ts", "tsconfig.json", "package.json"):
        (tmp_path / name).write_text((HERE / "typescript" / name).read_text())
    (tmp_path / "node_modules").symlink_to(installed / "node_modules")
    binaries = tmp_path / "node_modules" / ".bin"
    run(binaries / "openapi-typescript", DESCRIPTION, "--default-non-nullable", "false",
        "-o", tmp_path / "tradehall.d.ts", where=tmp_path)  # fmt: skip
    run(binaries / "tsc", "-p", tmp_path, where=tmp_path)
    base = f"http://acme.localhost:{server.port}"
    localhost = HERE / "typescript" / "localhost.mjs"
    chapter_holds(run("node", "--import", localhost, "built/chapter.js", base, where=tmp_path))
