"""The installer: what it passes on of pip's configuration, and when it has nothing to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.embedded import install
from config.embedded.chromium import find_chromium
from config.embedded.paths import CHECKOUT


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of its own: two locks and no virtual environment yet."""
    for name in ("base.txt", "dev.txt"):
        (tmp_path / name).write_text(f"{name}==1\n")
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    monkeypatch.setattr(install, "REQUIREMENTS", tmp_path)
    monkeypatch.setattr(install, "PYTHON", python)
    monkeypatch.setattr(install, "STAMP", tmp_path / "stamp")
    return tmp_path


@pytest.mark.parametrize(
    ("present", "wanted", "enough"),
    [("base", "base", True), ("dev", "base", True), ("dev", "dev", True), ("base", "dev", False)],
)
def test_what_is_there_is_not_installed_again(
    environment: Path, present: str, wanted: str, enough: bool
) -> None:
    assert not install.is_installed(wanted)
    install.STAMP.write_text(f"{present} {install.locks_hash()}")
    assert not install.is_installed(wanted)  # without its Python it is worth nothing
    install.PYTHON.touch()
    assert install.is_installed(wanted) is enough
    (environment / "dev.txt").write_text("another==2\n")
    assert not install.is_installed(wanted)


def fake_pip(place: Path, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package = place / "fake" / "pip"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(f"print({output!r})")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


def test_a_company_index_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    output = (
        "global.cert='/etc/ca.crt'\nglobal.index-url='https://pypi.company.test/simple'\n"
        "global.extra-index-url='https://a.test/simple https://b.test/simple'\n"
        ":env:.find-links='/opt/one /opt/two'"
    )
    fake_pip(tmp_path, output, monkeypatch)
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    assert install.pip_settings() == {
        "UV_DEFAULT_INDEX": "https://pypi.company.test/simple",
        "UV_INDEX": "https://a.test/simple https://b.test/simple",
        "UV_FIND_LINKS": "/opt/one,/opt/two",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    assert install.environment()["UV_SYSTEM_CERTS"] == "1"


def test_what_the_user_set_for_uv_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_pip(tmp_path, "global.index-url='https://pypi.company.test/simple'", monkeypatch)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.test/simple")
    assert install.environment()["UV_DEFAULT_INDEX"] == "https://mine.test/simple"


def test_only_https_is_fetched() -> None:
    with pytest.raises(OSError, match="not an https address"):
        install.download("http://pypi.org/simple/uv/")


def test_an_old_python_without_a_newer_one_is_told(tmp_path: Path) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); sys.version_info = (3, 10, 0, 'final', 0)\n"
        "from config.embedded import install\nsys.exit(install.main('base'))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program, str(CHECKOUT)],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "Python 3.11 or newer is needed" in answer.stdout


def test_the_installer_needs_the_standard_library_only() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import config.embedded.install; print(len(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-IS", "-c", program, str(CHECKOUT)], check=False)
    assert answer.returncode == 0


def test_a_chosen_chromium_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/opt/mine/chrome")
    assert find_chromium() == Path("/opt/mine/chrome")


def test_playwrights_own_chromium_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    assert find_chromium() is None
    program = tmp_path / "chromium-1200" / "chrome-linux64" / "chrome"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    assert find_chromium() == program
