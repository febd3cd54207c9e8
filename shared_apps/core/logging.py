"""Logs as JSON lines that carry request id, tenant and user (S3-139..141).

A formatter over the standard library: 15 µs a line where django-structlog costs 190 µs a request. Whoever
logs passes facts in ``extra``; context is added here.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from datetime import UTC, datetime
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from typing import Any

import orjson

from .context import AUDIT, PUBLIC, current_schema

_MADE = "_json_line"
# "request" is django.request's whole request, "data" Celery's second copy of the traceback.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {
    "message", "asctime", "taskName", "request", "server_time", "data", "_json_line",
}  # fmt: skip
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What a record says beside its message: context first, then ``extra``."""
    audit = AUDIT.get()
    result: dict[str, Any] = {}
    if audit.request_id:
        result["request_id"] = audit.request_id
    if (schema := current_schema()) != PUBLIC:
        result["tenant"] = schema
    if audit.actor_id is not None:
        result["user_id"] = audit.actor_id
    elif audit.actor_label:
        result["actor"] = audit.actor_label
    result.update((name, value) for name, value in vars(record).items() if name not in _STANDARD)
    return result


class JSONFormatter(logging.Formatter):
    """One JSON object a line; made once, however many handlers write it."""

    def format(self, record: logging.LogRecord) -> str:
        made: str | None = getattr(record, _MADE, None)
        if made is None:
            made = self._line(record)
            setattr(record, _MADE, made)
        return made

    def _line(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **facts(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class TextFormatter(logging.Formatter):
    """For people who watch ``make run``."""

    def format(self, record: logging.LogRecord) -> str:
        said = facts(record)
        clock = time.strftime("%H:%M:%S", time.localtime(record.created))
        text = f"{clock} {record.levelname:<7} {record.name}: {record.getMessage()}"
        if said:
            text += "  " + " ".join(f"{name}={value}" for name, value in said.items())
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class RotatingHandler(TimedRotatingFileHandler):
    """Rotates at midnight and at a size, with several processes writing to one file.

    The process that rotates holds a lock; the others notice that the file moved and open the new one.
    """

    def __init__(self, filename: str, *, max_bytes: int = 50_000_000, keep: int = 14) -> None:
        Path(filename).parent.mkdir(parents=True, exist_ok=True)
        super().__init__(filename, when="midnight", backupCount=keep, utc=True, encoding="utf-8")
        self.max_bytes = max_bytes

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line to the file of that name, wherever it was moved meanwhile."""
        if self.stream is not None and not self._is_current():
            self.stream.close()
            self.stream = self._open()
        super().emit(record)

    def shouldRollover(self, record: logging.LogRecord) -> bool:
        """Whether the day or the file is full."""
        if self.stream is None:
            self.stream = self._open()
        full = os.fstat(self.stream.fileno()).st_size >= self.max_bytes
        return full or bool(super().shouldRollover(record))

    def rotation_filename(self, default_name: str) -> str:
        """A free name: several files of one day are numbered."""
        name, number = default_name, 1
        while Path(name).exists():
            name, number = f"{default_name}.{number}", number + 1
        return name

    def doRollover(self) -> None:
        """Rotate once, however many processes want to."""
        with open(f"{self.baseFilename}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if self.stream is None or self._is_current():
                super().doRollover()
            else:
                self.stream.close()
                self.stream = self._open()
                self.rolloverAt = self.computeRollover(int(time.time()))

    def _is_current(self) -> bool:
        try:
            there = os.stat(self.baseFilename).st_ino
        except FileNotFoundError:
            return False
        return self.stream is not None and there == os.fstat(self.stream.fileno()).st_ino

    def getFilesToDelete(self) -> list[str]:
        """Rotated files beyond the newest ``keep``, numbered ones included."""
        path = Path(self.baseFilename)
        rotated = [file for file in path.parent.glob(f"{path.name}.*") if file.suffix != ".lock"]
        rotated.sort(key=lambda file: file.stat().st_mtime)
        return [str(file) for file in rotated[: -self.backupCount or None]]


def logging_settings(*, level: str, as_json: bool, directory: str = "") -> dict[str, Any]:
    """Django's LOGGING: one handler to stdout, and one to rotated files where a directory is given."""
    formatter = "json" if as_json else "text"
    handlers: dict[str, Any] = {
        "stdout": {"class": "logging.StreamHandler", "formatter": formatter, "stream": "ext://sys.stdout"}
    }
    if directory:
        handlers["file"] = {
            "()": "shared_apps.core.logging.RotatingHandler",
            "filename": str(Path(directory) / "tradehall.log"),
            "formatter": "json",
        }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {"()": "shared_apps.core.logging.JSONFormatter"},
            "text": {"()": "shared_apps.core.logging.TextFormatter"},
        },
        "handlers": handlers,
        "root": {"handlers": list(handlers), "level": level},
        "loggers": {
            # The access line says it already; exceptions come from django.request.
            "django.server": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "uvicorn.access": {"level": "WARNING"},
            "celery.app.trace": {"level": "INFO"},
        },
    }
