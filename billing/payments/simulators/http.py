"""What an emulator gets and gives: one request and one answer, without a framework."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


class BadBody(ValueError):
    """The body is not what its reader expects."""


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` is below the emulator's prefix; ``base`` is where browsers reach that prefix."""

    method: str
    path: str
    base: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object. Raises BadBody."""
        if not self.body:
            return {}
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            raise BadBody("not JSON") from None
        if not isinstance(value, dict):
            raise BadBody("not a JSON object")
        return value

    def form(self) -> dict[str, str]:
        """The body as fields of a form, the last value of each name. Raises BadBody."""
        try:
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        except UnicodeDecodeError:
            raise BadBody("not UTF-8") from None

    def basic(self) -> tuple[str, str] | None:
        """Name and password of HTTP basic authentication."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        if kind.lower() != "basic":
            return None
        try:
            name, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return (name, password) if colon else None

    def token(self, scheme: str) -> str | None:
        """What follows the scheme in the Authorization header."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if kind.lower() == scheme.lower() and value.strip() else None


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(status: int, value: Any, **headers: str) -> Response:
    """``headers`` in the spelling of keyword arguments: ``Retry_After="1"``."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(status, json.dumps(value).encode(), {"Content-Type": "application/json", **named})


def redirect(address: str) -> Response:
    """Elsewhere, by GET."""
    return Response(303, b"", {"Location": address})
