"""How large a request may be, decided from its headers before anything is read (attack table, row 13).

Under ASGI Django stores the whole body in a file before the first middleware runs, so the same rule stands
in front of it there.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from .context import clean_request_id
from .errors import error_body

ASGIApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
_DISCARD_BYTES, _DISCARD_SECONDS = 32 * 1024 * 1024, 5.0
LENGTH_REQUIRED, TOO_LARGE, BAD = 411, 413, 400


def limit_of(content_type: str) -> int:
    """The most bytes that a body of this content type may have."""
    multipart = content_type.lower().startswith("multipart/form-data")
    return int(settings.MAX_UPLOAD_BYTES if multipart else settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def body_problem(length: str, content_type: str, transfer_encoding: str) -> tuple[int, str, str] | None:
    """Status, code and message when a body is too large, or its size is not said; None when it is fine."""
    if not length:
        if not transfer_encoding:
            return None
        return LENGTH_REQUIRED, "length_required", _("Send the body with a Content-Length.")
    if not (length.isascii() and length.isdigit()):
        return BAD, "bad_request", _("Content-Length must be a number.")
    limit = limit_of(content_type)
    if len(length) > 12 or int(length) > limit:
        return TOO_LARGE, "too_large", _("The request is larger than %(bytes)d bytes.") % {"bytes": limit}
    return None


async def _discard(receive: Any) -> None:
    """Read a part of the body away: a client that is still sending would see a reset, not the answer."""
    discarded, more = 0, True
    try:
        async with asyncio.timeout(_DISCARD_SECONDS):
            while more and discarded < _DISCARD_BYTES:
                event = await receive()
                discarded += len(event.get("body", b""))
                more = event["type"] == "http.request" and event.get("more_body", False)
    except TimeoutError:
        return


class BoundedBody:
    """ASGI middleware in front of Django: answers 411 and 413 without keeping any of the body."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        problem = body_problem(
            headers.get(b"content-length", ""),
            headers.get(b"content-type", ""),
            headers.get(b"transfer-encoding", ""),
        )
        if problem is None:
            await self.app(scope, receive, send)
            return
        await _discard(receive)
        status, code, message = problem
        request_id = clean_request_id(headers.get(b"x-request-id"))
        body = error_body(status=status, code=code, message=message, request_id=request_id)
        answer_headers = [
            (b"content-type", b"application/json"),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": answer_headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})
