"""The emulators without a socket: a transport for httpx that runs their application in the calling thread.

What a time-out or a broken connection is on a socket is the same error of httpx here, at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx

from billing.payments.simulators.app import Application


def run_apart(work: Coroutine[Any, Any, None]) -> None:
    """``asyncio.run`` in a thread that has a loop already, as Playwright leaves one in that of the tests."""
    around = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        asyncio.run(work)
    finally:
        asyncio._set_running_loop(around)


class InProcess(httpx.BaseTransport):
    """``httpx.Client(transport=InProcess(application))``."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Run one request through the application."""
        sent: list[dict[str, Any]] = []
        waiting: list[dict[str, Any]] = [
            {"type": "http.request", "body": request.read(), "more_body": False},
            {"type": "http.disconnect"},
        ]

        async def receive() -> dict[str, Any]:
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": request.method,
            "path": request.url.path,
            "query_string": request.url.query,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
        }
        run_apart(self._application(scope, receive, send))
        if not sent:
            raise httpx.ReadTimeout("no answer", request=request)
        body = b"".join(message.get("body", b"") for message in sent[1:])
        headers = dict(sent[0]["headers"])
        if int(headers.get(b"content-length", len(body))) != len(body):
            raise httpx.RemoteProtocolError("the connection broke within the answer", request=request)
        return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=body)
