"""From a request's host to its tenant: one look-up, cached for a few seconds in the process.

The cache is in the process so that a page does not wait for a network, and so that losing Valkey does not
take every host down. Changes made in this process show at once, those of others within ``TTL_SECONDS``: so
often one query asks for a hash of the directory, for all hosts together. When the database does not answer,
what was known holds.
"""

from __future__ import annotations

import ipaddress
import logging
import re
import threading
import time
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.db import DatabaseError, connection

from shared_apps.core.context import platform_context
from shared_apps.core.copies import own_copy

from .models import Domain, Tenant

logger = logging.getLogger(__name__)

TTL_SECONDS = 5.0
_RETRY_SECONDS = 1.0
_LONGEST_SECONDS = 300.0
_MAX_ENTRIES = 10_000
#: A number that any change of any domain's or tenant's row changes; 1,000 tenants take a millisecond.
_DIRECTORY = (
    "SELECT sum(hashtextextended(ROW(d.*, t.*)::text, 0)::numeric) "
    "FROM tenants_domain d JOIN tenants_tenant t ON t.id = d.tenant_id"
)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}(?:\.{_LABEL})*)\.?(?::\d{{1,5}})?\Z")


class Platform:
    """Stands in for a tenant on the platform's host."""

    schema_name = "public"
    is_active = True
    slug = ""
    pk = None


PLATFORM_HOST = Platform()


@dataclass(frozen=True, slots=True)
class _Entry:
    tenant: Tenant | None
    expires: float
    #: The directory's hash when it was read; with another one it is read again.
    seen: str


class _Seen:
    directory = ""
    ask_at = 0.0


_cache: dict[str, _Entry] = {}
_lock = threading.Lock()


@lru_cache(maxsize=4096)
def normalise_host(raw: str) -> str | None:
    """Lower case, without port and trailing dot; None for what is no host name (attack table, rows 6, 7).

    An IP address names no tenant, and a subdomain is ASCII: everything else is refused here.
    """
    match = _HOST.match(raw.lower()) if len(raw) <= 260 else None
    if match is None:
        return None
    host = match[1]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return None


def resolve(host: str) -> Tenant | Platform | None:
    """The tenant of a normalised host, the platform for BASE_DOMAIN, None for an unknown one.

    The tenant is a copy for this request: nobody's change to it reaches the next one.
    """
    if host == settings.BASE_DOMAIN:
        return PLATFORM_HOST
    now = time.monotonic()
    if _Seen.ask_at <= now:
        _look_for_changes(now)
    entry = _cache.get(host)
    if entry is None or entry.expires <= now or entry.seen != _Seen.directory:
        seen = _Seen.directory
        entry = _Entry(_look_up(host), now + _LONGEST_SECONDS, seen)
        with _lock:
            if len(_cache) >= _MAX_ENTRIES:
                _cache.clear()
            _cache[host] = entry
    return None if entry.tenant is None else own_copy(entry.tenant)


def forget(host: str | None = None) -> None:
    """Drop one host, or all, from this process's cache after a change to the directory."""
    with _lock:
        if host is None:
            _cache.clear()
            _Seen.ask_at = 0.0
        else:
            _cache.pop(host, None)


def _look_for_changes(now: float) -> None:
    _Seen.ask_at = now + TTL_SECONDS
    try:
        with platform_context(), connection.cursor() as cursor:
            cursor.execute(_DIRECTORY)
            _Seen.directory = str(cursor.fetchone()[0])
    except DatabaseError as error:
        logger.warning("the directory was not read", extra={"reason": type(error).__name__})
        _Seen.ask_at = now + _RETRY_SECONDS


def _look_up(host: str) -> Tenant | None:
    with platform_context():
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
    return None if domain is None else domain.tenant


def subdomain(slug: str) -> str:
    """The host of a tenant's subdomain."""
    return f"{slug}.{settings.BASE_DOMAIN}"
