"""The Valkey (or Redis) client for what the cache framework cannot do: blocking pops, sorted sets, streams.

Keys made here carry the schema themselves; ``key()`` does it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from .context import current_schema

#: A connection of a script that was idle for longer is opened anew.
_IDLE_SECONDS = 30.0


@lru_cache(maxsize=1)
def client() -> redis.Redis:
    """The process's client, with its own connection pool. Times out after two seconds.

    It tries twice at once, for connections that a restart of the server has cut; the library's own way is to
    wait four seconds, which no request survives.
    """
    return redis.Redis.from_url(
        settings.VALKEY_URL,
        socket_timeout=2.0,
        socket_connect_timeout=2.0,
        health_check_interval=30,
        retry=Retry(NoBackoff(), 1),
    )


def waiting_client(*, longest_wait: float) -> redis.Redis:
    """A client of its own for blocking commands of at most ``longest_wait`` seconds."""
    return redis.Redis.from_url(
        settings.VALKEY_URL, socket_timeout=longest_wait + 5.0, socket_connect_timeout=2.0
    )


class Script:
    """A Lua script that every request runs: connections of its own, without the client's pool and retries.

    Costs a third of the client's CPU. A connection that fails is closed, and the client runs the script in
    its place, with its second try and its errors.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()  # what Valkey calls it
        self._head = _bulk(b"EVALSHA") + _bulk(sha.encode())
        self._idle: deque[tuple[float, Any]] = deque()
        self._of: tuple[int, redis.Redis] | None = None

    def run(self, keys: Sequence[str], arguments: Sequence[object]) -> Any:
        """What the script returns. Raises redis.RedisError."""
        words = [str(len(keys)), *keys, *map(str, arguments)]
        message = b"*%d\r\n%b%b" % (len(words) + 2, self._head, b"".join(_bulk(w.encode()) for w in words))
        connection = self._take()
        try:
            connection.send_packed_command([message], check_health=False)
            answer = connection.read_response()
        except redis.exceptions.NoScriptError:
            self._idle.append((time.monotonic(), connection))
        except (redis.ConnectionError, redis.TimeoutError, OSError):
            connection.disconnect()
        else:
            self._idle.append((time.monotonic(), connection))
            return answer
        return client().eval(self._source, len(keys), *keys, *map(str, arguments))

    def _take(self) -> Any:
        mine = os.getpid(), client()
        if self._of != mine:  # a fork shares no connection with its parent, nor one client with another
            self._idle, self._of = deque(), mine
        try:
            since, connection = self._idle.pop()
        except IndexError:
            return client().connection_pool.make_connection()
        if time.monotonic() - since > _IDLE_SECONDS:
            connection.disconnect()  # a proxy in between may have forgotten it; sending connects anew
        return connection


def _bulk(word: bytes) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(word), word)


def key(*parts: object) -> str:
    """A key in the current schema: ``<prefix>:<schema>:a:b``."""
    return ":".join((settings.VALKEY_PREFIX, current_schema(), *map(str, parts)))


def platform_key(*parts: object) -> str:
    """A key that belongs to no tenant, for the machinery itself."""
    return ":".join((settings.VALKEY_PREFIX, "-", *map(str, parts)))
