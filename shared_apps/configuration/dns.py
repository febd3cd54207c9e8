"""What the domain name system says of a domain's owner: the port, and its one adapter over dnspython.

An answer that proves absence (no such name, no such record) is told apart from none at all (time-out,
SERVFAIL, nonsense): only the first may ever cost anybody a domain.
"""

from __future__ import annotations

from typing import Protocol

import dns.exception
import dns.name
import dns.nameserver
import dns.resolver
from django.conf import settings

#: Seconds for one server's answer, and for all servers together.
_TIMEOUT, _LIFETIME = 1.5, 4.0
_MOST_TEXTS = 50


class NoAnswer(Exception):
    """Nobody said anything that can be believed; try again later."""


class TxtResolver(Protocol):
    """Looks up TXT records."""

    def texts(self, name: str) -> list[str]:
        """The texts at a name; empty where it is proved that there are none. Raises NoAnswer."""
        ...


class DnsResolver:
    """Asks the machine's name servers, or those of ``settings.DNS_SERVERS`` (``address:port``)."""

    def texts(self, name: str) -> list[str]:
        """See :class:`TxtResolver`."""
        try:
            answer = self._resolver().resolve(
                dns.name.from_text(name), "TXT", lifetime=_LIFETIME, search=False
            )
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise NoAnswer(type(error).__name__) from error
        records = list(answer)[:_MOST_TEXTS]
        return [b"".join(record.strings).decode("utf-8", "replace") for record in records]

    def _resolver(self) -> dns.resolver.Resolver:
        servers: list[str] = settings.DNS_SERVERS
        try:
            resolver = dns.resolver.Resolver(configure=not servers)
        except dns.resolver.NoResolverConfiguration as error:
            raise NoAnswer("no name server is known") from error
        if servers:
            parted = [server.rpartition(":") for server in servers]
            resolver.nameservers = [
                dns.nameserver.Do53Nameserver(address, int(port)) for address, _colon, port in parted
            ]
        resolver.timeout, resolver.lifetime = _TIMEOUT, _LIFETIME
        resolver.cache = None
        return resolver


class _Port:
    resolver: TxtResolver = DnsResolver()


def texts(name: str) -> list[str]:
    """Ask the resolver in use; see :class:`TxtResolver`."""
    return _Port.resolver.texts(name)
