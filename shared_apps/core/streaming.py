"""Answers that are made while they are sent, in the tenant of the request.

The server iterates after the middlewares have left the tenant, so the iterator carries its context. Under
ASGI Django would collect a sync iterator before it sends the first byte: there it becomes an async one.
"""

from __future__ import annotations

import contextvars
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

Chunk = bytes | str
_END = object()


def in_context(
    request: HttpRequest, chunks: Generator[Chunk, None, None]
) -> Iterator[Chunk] | AsyncIterator[Chunk]:
    """The generator as the server of this request wants it, run in the context of this moment.

    Yield large chunks (64 KiB): under ASGI each costs a hop between threads. The generator is closed when
    the client goes away; it may hold a transaction open while it runs.
    """
    context = contextvars.copy_context()
    return _async(context, chunks) if isinstance(request, ASGIRequest) else _sync(context, chunks)


def stream(
    request: HttpRequest, chunks: Generator[Chunk, None, None], **kwargs: Any
) -> StreamingHttpResponse:
    """A StreamingHttpResponse over :func:`in_context`; ``kwargs`` are its own (content type, headers)."""
    return StreamingHttpResponse(in_context(request, chunks), **kwargs)


def _sync(context: contextvars.Context, chunks: Generator[Chunk, None, None]) -> Generator[Chunk, None, None]:
    try:
        while (chunk := context.run(next, chunks, _END)) is not _END:
            yield chunk  # type: ignore[misc]  # the sentinel ends the loop
    finally:
        context.run(chunks.close)


async def _async(context: contextvars.Context, chunks: Generator[Chunk, None, None]) -> AsyncIterator[Chunk]:
    run = sync_to_async(context.run)
    try:
        while (chunk := await run(next, chunks, _END)) is not _END:
            yield chunk  # type: ignore[misc]  # the sentinel ends the loop
    finally:
        await run(chunks.close)
