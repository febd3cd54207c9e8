"""Addresses of WebSockets, on tenant hosts only."""

from typing import Any

from django.urls import URLPattern, path, re_path

from tenant_apps.trading.consumers import StreamConsumer

CLOSE_NO_SUCH_ADDRESS = 4404


async def no_such_address(_scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Close politely what nobody answers; the handshake completes so that browsers learn the code."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.close", "code": CLOSE_NO_SUCH_ADDRESS})


async def lifespan(_scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Tell the server that we start and stop without work of our own."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


websocket_urlpatterns: list[URLPattern] = [
    path("ws/stream/", StreamConsumer.as_asgi()),
    re_path(r"", no_such_address),  # type: ignore[arg-type]  # the last one
]
