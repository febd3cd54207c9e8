"""Reading JSON strictly: what PostgreSQL or arithmetic would choke on is a 400 that names the field.

Attack table, row 13: NaN, Infinity and 1e400, NUL and lone surrogates in text, depth, size.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder


class _Refused:
    """Stands where a value was that JSON or we do not know."""


_REFUSED = _Refused()


class StrictJSONParser(JSONParser):
    """JSON with finite numbers and storable text only; see the module."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise RequestDataTooBig("body over DATA_UPLOAD_MAX_MEMORY_SIZE")
        return parse_json(raw)


def parse_json(raw: bytes) -> Any:
    """The value of a JSON text. Raises ParseError (no JSON) or ValidationError (which field, and why)."""
    refused = False

    def refuse(_text: str) -> Any:
        nonlocal refused
        refused = True
        return _REFUSED

    def finite(text: str) -> Any:
        number = float(text)
        return number if math.isfinite(number) else refuse(text)

    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=refuse, parse_float=finite)
    except UnicodeDecodeError:
        raise ParseError(_("The body is not UTF-8.")) from None
    except (ValueError, RecursionError):
        raise ParseError(_("The body is not valid JSON.")) from None
    # Only these escapes can bring NUL or half a surrogate pair: the walk is rare.
    if refused or b"\\u0000" in raw or b"\x00" in raw or b"\\ud" in raw.lower():
        errors = {path: [reason] for path, reason in _unstorable(value)}
        if errors:
            raise ValidationError(errors)
    return value


def _unstorable(root: Any) -> Iterator[tuple[str, str]]:
    """Path and reason of each value that cannot be stored. Without recursion: depth is the caller's."""
    waiting: list[tuple[str, Any]] = [("", root)]
    while waiting:
        path, value = waiting.pop()
        if value is _REFUSED:
            yield path or "non_field_errors", _("A finite number is required.")
        elif isinstance(value, str):
            if reason := text_problem(value):
                yield path or "non_field_errors", reason
        elif isinstance(value, dict):
            for name, child in value.items():
                if reason := text_problem(name):
                    yield path or "non_field_errors", reason
                waiting.append((f"{path}.{name}" if path else name, child))
        elif isinstance(value, list):
            waiting.extend((f"{path}.{position}" if path else str(position), child)
                           for position, child in enumerate(value))  # fmt: skip


def text_problem(text: str) -> str:
    """Why a text cannot be stored, or nothing."""
    if "\x00" in text:
        return _("Null characters are not allowed.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return _("The text is not valid Unicode.")
    return ""


class RawJSON:
    """A part of an answer that is JSON text already (``json_agg`` of a hot list)."""

    __slots__ = ("text",)

    def __init__(self, text: str | bytes) -> None:
        self.text = text if isinstance(text, bytes) else text.encode()


class FastJSONRenderer(JSONRenderer):
    """DRF's renderer through orjson; RawJSON passes as it is."""

    _options = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z | orjson.OPT_PASSTHROUGH_DATETIME
    _encoder = JSONEncoder()

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        if isinstance(data, RawJSON):
            return data.text
        try:
            return orjson.dumps(data, default=self._default, option=self._options)
        except orjson.JSONEncodeError:  # integers beyond 64 bits
            text: bytes = super().render(data, accepted_media_type, renderer_context)
            return text

    def _default(self, value: Any) -> Any:
        return orjson.Fragment(value.text) if isinstance(value, RawJSON) else self._encoder.default(value)
