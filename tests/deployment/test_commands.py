"""Each of our services' commands, run once as docker-compose.yml writes it, until its own healthcheck is content."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from config.embedded.paths import CHECKOUT

from . import compose

BIN = CHECKOUT / (os.environ.get("VENV") or ".venv") / "bin"
START_SECONDS = 60
pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("commands")]


def checks_environment() -> dict[str, str]:
    """The values that `make check-deploy` uses: production's settings accept them."""
    lines = (CHECKOUT / ".ci" / "production.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def environment_of(service: dict[str, Any], var: Path) -> dict[str, str]:
    """The container's environment, with the servers of the tests behind the names."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    wanted = {name: value for name, value in service["environment"].items() if value}
    here = {
        "DATABASE_URL": os.environ["DATABASE_URL"],
        "REDIS_URL": os.environ["REDIS_URL"],
        "BROKER_URL": os.environ["BROKER_URL"],
        "GRANIAN_PORT": port,
        "UVICORN_PORT": port,
        "GRANIAN_HOST": "127.0.0.1",
        "UVICORN_HOST": "127.0.0.1",
        "VAR_DIR": str(var),
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    if "DATABASE_OWNER_URL" in service["environment"]:
        here["DATABASE_OWNER_URL"] = os.environ["DATABASE_OWNER_URL"]
    clean = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    return clean | wanted | {k: v for k, v in here.items() if k in wanted or k in ("VAR_DIR", "PATH")}


def service_of(name: str) -> dict[str, Any]:
    """A service as production would have it."""
    given = {**compose.example(), **checks_environment()}
    service: dict[str, Any] = compose.filled(given)["services"][name]
    return service


def run_check(test: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = ["sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
    return subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@contextmanager
def running(name: str, var: Path) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The service's process, stopped by SIGTERM afterwards as Docker does."""
    service = service_of(name)
    environment = environment_of(service, var)
    log = (var / f"{name}.log").open("w+")
    process = subprocess.Popen(
        service["command"], cwd=CHECKOUT, env=environment, stdout=log, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process, environment
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            log.close()


@pytest.mark.req("S3-146", "S2-1", "S2-2", "S2-5")
@pytest.mark.parametrize("name", ["web", "ws", "worker", "beat"])
def test_becomes_healthy_and_stops_on_sigterm(name: str, tmp_path: Path) -> None:
    check = service_of(name)["healthcheck"]["test"]
    with running(name, tmp_path) as (process, environment):
        deadline = time.monotonic() + START_SECONDS
        while (answer := run_check(check, environment)).returncode:
            log = (tmp_path / f"{name}.log").read_text()
            assert process.poll() is None, f"{shlex.join(process.args)} ended: {log}"  # type: ignore[arg-type]
            assert time.monotonic() < deadline, f"{answer.stdout}{answer.stderr}\n{log}"
            time.sleep(0.2)
        assert process.poll() is None
    assert process.returncode in (0, -15, 143), (tmp_path / f"{name}.log").read_text()


def test_a_healthcheck_sees_that_nothing_is_there(tmp_path: Path) -> None:
    for name in ("web", "ws"):
        service = service_of(name)
        environment = environment_of(service, tmp_path)
        assert run_check(service["healthcheck"]["test"], environment).returncode == 1
    beat = service_of("beat")
    environment = environment_of(beat, tmp_path) | {"BROKER_URL": "amqp://u:p@127.0.0.1:1//"}
    assert run_check(beat["healthcheck"]["test"], environment).returncode == 1


def test_the_settings_of_these_tests_are_not_productions() -> None:
    """The commands above run with production's settings in processes of their own."""
    assert settings.ENVIRONMENT == "test"
    assert service_of("web")["environment"]["DJANGO_ENVIRONMENT"] == "production"


def test_static_files_are_collected_as_the_image_does(tmp_path: Path) -> None:
    """The hashed names of production: one reference that leads nowhere would stop the build of the image."""
    environment = {**os.environ, **checks_environment(), "VAR_DIR": str(tmp_path)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    done = subprocess.run(
        [BIN / "python", "manage.py", "collectstatic", "--noinput", "--verbosity=0"],
        cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "static" / "staticfiles.json").exists()
