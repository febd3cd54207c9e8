"""The live stream, over the websockets library."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import quote

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from .client import Api, Failed

TIMEOUT = 30.0


def listen(api: Api, topic: str, *, messages: int, resume: int | None = None) -> list[dict[str, Any]]:
    """Follow a topic with a fresh one-minute ticket; returns the next messages, which have no gap.

    ``resume`` continues after that number, as a client does whose connection broke. Raises Failed.
    """
    ticket = api.post("/api/v1/auth/ws-ticket/")["ticket"]
    raw = socket.create_connection(("127.0.0.1", api.port), timeout=TIMEOUT)
    wish: dict[str, Any] = {"subscribe": topic} if resume is None else {"subscribe": topic, "resume": resume}
    heard: list[dict[str, Any]] = []
    try:
        with connect(f"ws://{api.host}/ws/stream/?ticket={quote(ticket)}", sock=raw) as stream:
            stream.send(json.dumps(wish))
            while len(heard) < messages:
                message = json.loads(stream.recv(timeout=TIMEOUT))
                if message["type"] == "message":
                    heard.append(message)
                elif message["type"] != "subscribed":
                    raise Failed(f"the stream says {message}")
    except (ConnectionClosed, TimeoutError) as error:
        raise Failed(f"the stream of {topic} broke off: {error}") from error
    numbers = [message["seq"] for message in heard]
    first = numbers[0] if resume is None else resume + 1
    if numbers != list(range(first, first + messages)):
        raise Failed(f"a gap in the stream: {numbers}")
    return heard
