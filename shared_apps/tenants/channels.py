"""WebSockets: the tenant of the host, before any consumer runs.

In coroutine code nothing may rely on the connection's state: consumers take ``scope["tenant"]`` and open
``tenant_context`` inside each ``database_sync_to_async`` function.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async

from . import hosts

ASGIApp = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
CLOSE_FORBIDDEN = 4403


class TenantScopeMiddleware:
    """Refuses unknown and suspended hosts and foreign origins with 4403, else sets ``scope["tenant"]``."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", ()))
        raw = headers.get(b"host", b"").decode("latin-1")
        host = hosts.normalise_host(raw)
        tenant = await sync_to_async(hosts.resolve)(host) if host else None
        if tenant is None or not tenant.is_active or not _same_origin(headers.get(b"origin"), host):
            await _refuse(receive, send)
            return
        await self.app({**scope, "tenant": tenant}, receive, send)


def _same_origin(origin: bytes | None, host: str | None) -> bool:
    """Browsers send Origin; other clients do not and prove themselves by their ticket alone."""
    if origin is None:
        return True
    netloc = urlsplit(origin.decode("latin-1")).netloc
    return hosts.normalise_host(netloc) == host


async def _refuse(receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": CLOSE_FORBIDDEN})
