"""The header that every task travels with: which schema, which outbox row, signed (attack table, row 16)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from . import signing

HEADER = "tradehall"
_PURPOSE = "task"


class TaskRefused(Exception):
    """A task came without a header, with a forged one, or for a tenant that is not there."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where a task runs and for which outbox row."""

    schema: str
    message: UUID | None = None
    request_id: str = ""

    def _signed_text(self, task: str, kwargs: Mapping[str, Any]) -> bytes:
        message = str(self.message) if self.message else None
        return json.dumps(
            [task, self.schema, message, self.request_id, kwargs], sort_keys=True, separators=(",", ":")
        ).encode()

    def seal(self, task: str, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Celery headers that are valid for this task with these arguments only."""
        return {
            HEADER: {
                "schema": self.schema,
                "message": str(self.message) if self.message else None,
                "request_id": self.request_id,
                "signature": signing.mac(_PURPOSE, self.schema, self._signed_text(task, kwargs)),
            }
        }

    @classmethod
    def open(cls, headers: Mapping[str, Any] | None, task: str, kwargs: Mapping[str, Any]) -> Self | None:
        """The envelope of a delivered task, None without one. Raises TaskRefused for a forged one."""
        header = (headers or {}).get(HEADER)
        if header is None:
            return None
        try:
            message = UUID(header["message"]) if header["message"] else None
            envelope = cls(str(header["schema"]), message, str(header["request_id"]))
            signature = str(header["signature"])
        except (KeyError, TypeError, ValueError) as error:
            raise TaskRefused(f"{task}: malformed header") from error
        if not signing.mac_is_valid(
            _PURPOSE, envelope.schema, envelope._signed_text(task, kwargs), signature
        ):
            raise TaskRefused(f"{task}: forged header for {envelope.schema!r}")
        return envelope
