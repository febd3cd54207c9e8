"""A WebSocket of the running server, as a client has it."""

from __future__ import annotations

import socket
import time

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.support.live import Live

#: The code with which somebody who may not listen any more is sent away.
CLOSED = 4403


def open_stream(server: Live, ticket: str, *, slug: str = "acme") -> ClientConnection:
    """An open stream for the owner of a ticket."""
    raw = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    address = f"ws://{slug}.localhost:{server.port}/ws/stream/?ticket={ticket}"
    return connect(address, sock=raw, proxy=None, legacy=True)  # type: ignore[arg-type]


def close_code(stream: ClientConnection, deadline: float) -> int | None:
    """The code with which the server closes, None if it has not by the deadline (monotonic seconds)."""
    while (left := deadline - time.monotonic()) > 0:
        try:
            stream.recv(timeout=left)
        except TimeoutError:
            return None
        except ConnectionClosed as error:
            return error.rcvd.code if error.rcvd else None
    return None
