"""The embedded Valkey: private, shared, and nothing acknowledged is lost when it is killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from config.embedded.paths import CHECKOUT
from config.embedded.valkey import ValkeyServer

from .conftest import eventually

USER = """
import json, sys, time
from pathlib import Path
from config.embedded.valkey import ValkeyServer
server = ValkeyServer(Path(sys.argv[1])).start()
print(json.dumps(server.pid()), flush=True)
time.sleep(float(sys.argv[2]))
print(json.dumps(server.stop()))
"""


@pytest.fixture
def valkey(place: Path) -> Iterator[ValkeyServer]:
    with ValkeyServer(place) as server:
        yield server


def start_user(root: Path, seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", USER, str(root), str(seconds)]
    return subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)


def test_is_private_and_has_no_port(valkey: ValkeyServer) -> None:
    assert stat.S_IMODE(valkey.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(valkey.socket.stat().st_mode) == 0o700
    client = redis.from_url(valkey.url())
    assert client.config_get("port") == {"port": "0"}
    assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_databases_are_apart(valkey: ValkeyServer) -> None:
    redis.from_url(valkey.url(1)).set("k", "channels")
    redis.from_url(valkey.url(2)).set("k", "cache")
    assert redis.from_url(valkey.url(1)).get("k") == b"channels"
    assert redis.from_url(valkey.url(0)).get("k") is None


@pytest.mark.crash
def test_survives_a_kill(valkey: ValkeyServer) -> None:
    client = redis.from_url(valkey.url(0))
    client.rpush("queue", *range(1000))
    assert client.execute_command("WAITAOF", 1, 0, 5000)[0] == 1
    pid = valkey.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not valkey.alive())
    with ValkeyServer(valkey.root) as again:
        assert again.pid() not in (None, pid)
        assert redis.from_url(again.url(0)).llen("queue") == 1000


def test_keeps_the_data_over_a_stop(place: Path) -> None:
    with ValkeyServer(place) as server:
        redis.from_url(server.url()).set("k", "v")
    assert not server.alive()
    with ValkeyServer(place) as server:
        assert redis.from_url(server.url()).get("k") == b"v"


def test_the_test_profile_writes_nothing(place: Path) -> None:
    with ValkeyServer(place, profile="test") as server:
        redis.from_url(server.url()).set("k", "v")
    assert list(server.data.iterdir()) == []


@pytest.mark.crash
def test_eight_processes_start_at_once_and_the_last_one_stops_it(place: Path) -> None:
    users = [start_user(place, 0.2) for _ in range(8)]
    answers = [[json.loads(line) for line in user.communicate(timeout=60)[0].splitlines()] for user in users]
    assert len({pid for pid, _ in answers}) == 1
    assert [stopped for _, stopped in answers].count(True) == 1
    assert not ValkeyServer(place).alive()


@pytest.mark.crash
def test_goes_when_its_last_user_is_killed(place: Path) -> None:
    user = start_user(place, 60)
    assert user.stdout is not None
    assert json.loads(user.stdout.readline())
    server = ValkeyServer(place)
    assert server.alive()
    user.kill()
    user.communicate()
    assert eventually(lambda: not server.alive())


def test_a_path_too_long_for_a_socket(place: Path) -> None:
    with ValkeyServer(place / ("deep" * 20) / ("deeper" * 10)) as server:
        assert len(str(server.socket)) < 60
        assert redis.from_url(server.url()).ping()
        directory = server.socket.parent
    shutil.rmtree(directory)
