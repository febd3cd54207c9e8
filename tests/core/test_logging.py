from __future__ import annotations

import json
import logging
import multiprocessing
import time

import pytest

from shared_apps.core.context import Schema, audit_context, tenant_context
from shared_apps.core.logging import JSONFormatter, RotatingHandler, TextFormatter, logging_settings
from tests.support.api import Api


def record(**extra: object) -> logging.LogRecord:
    made = logging.makeLogRecord(
        {"msg": "it %s", "args": ("happened",), "levelname": "INFO", "name": "x", **extra}
    )
    made.created = 0.5
    return made


@pytest.mark.req("S3-139", "S3-140")
def test_a_line_is_one_json_object_with_its_context():
    with tenant_context(Schema("t_aaaa")), audit_context(actor_id=7, request_id="r-1"):
        line = JSONFormatter().format(record(order="o-1", odd=object))
    said = json.loads(line)
    assert said.pop("odd").startswith("<class")
    assert said == {
        "time": "1970-01-01T00:00:00.500+00:00",
        "level": "INFO",
        "logger": "x",
        "event": "it happened",
        "request_id": "r-1",
        "tenant": "t_aaaa",
        "user_id": 7,
        "order": "o-1",
    }
    assert "\n" not in line


def test_an_exception_stays_on_its_line():
    try:
        raise ValueError("a\nb")
    except ValueError as error:
        line = JSONFormatter().format(record(exc_info=(type(error), error, error.__traceback__)))
    assert "\n" not in line
    assert "ValueError: a\nb" in json.loads(line)["exception"]


def test_people_read_text():
    with audit_context(request_id="r-1"):
        assert "it happened  request_id=r-1 actor=test order=o-1" in TextFormatter().format(
            record(order="o-1")
        )


@pytest.mark.django_db
@pytest.mark.req("S3-139")
def test_every_request_leaves_one_line_with_tenant_and_user(acme, caplog):
    trader = Api("acme", "trader@acme.example.com")
    caplog.clear()
    with caplog.at_level(logging.INFO, "tradehall.access"):
        trader.get("todos/", x_request_id="r-77")
    (line,) = [each for each in caplog.records if each.name == "tradehall.access"]
    assert (line.method, line.path, line.status) == ("GET", "/api/v1/todos/", 200)
    assert (line.request_id, line.tenant) == ("r-77", acme.schema_name)
    assert line.user_id > 0


def write_many(path: str, name: str) -> None:
    handler = RotatingHandler(path, max_bytes=20_000, keep=100)
    for number in range(300):
        handler.emit(logging.makeLogRecord({"msg": f"{name}-{number}-{'x' * 80}"}))


@pytest.mark.req("S3-141")
def test_several_processes_rotate_one_file_and_lose_no_line(tmp_path):
    path = tmp_path / "logs" / "tradehall.log"
    processes = [multiprocessing.Process(target=write_many, args=(str(path), f"p{n}")) for n in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    files = [file for file in path.parent.iterdir() if file.suffix != ".lock"]
    lines = [line for file in files for line in file.read_text().splitlines()]
    assert len(lines) == len(set(lines)) == 900
    assert len(files) > 2
    assert all(file.stat().st_size < 25_000 for file in files)


@pytest.mark.req("S3-141")
def test_a_new_day_begins_a_new_file_and_old_ones_go(tmp_path):
    handler = RotatingHandler(str(tmp_path / "a.log"), keep=2)
    for _day in range(5):
        handler.emit(logging.makeLogRecord({"msg": "line"}))
        handler.rolloverAt = int(time.time()) - 1
    assert len([file for file in tmp_path.iterdir() if file.suffix != ".lock"]) == 3


def test_settings_add_a_file_only_where_a_folder_is_given(tmp_path):
    assert list(logging_settings(level="INFO", as_json=True)["handlers"]) == ["stdout"]
    assert list(logging_settings(level="INFO", as_json=True, directory=str(tmp_path))["handlers"]) == [
        "stdout",
        "file",
    ]
