"""From a request's host to its tenant: one look-up, kept in the process (core.kept).

Changes made in this process show at once, those of others within five seconds: so often one query asks for a
hash of the directory, for all hosts together.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from django.conf import settings
from django.db import connection

from shared_apps.core.context import platform_context
from shared_apps.core.copies import own_copy
from shared_apps.core.kept import Kept

from .models import Domain, Tenant

_LONGEST_SECONDS = 300.0
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
    found = _kept.get(host)
    return None if found is None else own_copy(found)


def forget(host: str | None = None) -> None:
    """Drop one host, or all, from this process's memory after a change to the directory."""
    _kept.forget(host)


def _directory() -> str:
    with platform_context(), connection.cursor() as cursor:
        cursor.execute(_DIRECTORY)
        return str(cursor.fetchone()[0])


def _look_up(host: str) -> Tenant | None:
    with platform_context():
        domain = Domain.objects.select_related("tenant").filter(domain=host).first()
    return None if domain is None else domain.tenant


_kept = Kept("hosts", version=_directory, load=_look_up, longest=_LONGEST_SECONDS)


def subdomain(slug: str) -> str:
    """The host of a tenant's subdomain."""
    return f"{slug}.{settings.BASE_DOMAIN}"
