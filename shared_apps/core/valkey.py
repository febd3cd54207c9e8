"""The Valkey (or Redis) client for what the cache framework cannot do: blocking pops, sorted sets, streams.

Keys made here carry the schema themselves; ``key()`` does it.
"""

from __future__ import annotations

from functools import lru_cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from .context import current_schema


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


def key(*parts: object) -> str:
    """A key in the current schema: ``<prefix>:<schema>:a:b``."""
    return ":".join((settings.VALKEY_PREFIX, current_schema(), *map(str, parts)))


def platform_key(*parts: object) -> str:
    """A key that belongs to no tenant, for the machinery itself."""
    return ":".join((settings.VALKEY_PREFIX, "-", *map(str, parts)))
