"""The host as WebAuthn sees it: whose passkeys they are, and the one origin that may use them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from shared_apps.users.hosts import host_tenant


@dataclass(frozen=True, slots=True)
class Site:
    """``rp_id`` is the relying party, ``origin`` this host's own (``https://acme.example.com``)."""

    rp_id: str
    origin: str
    name: str


def rp_id_of(host: str, base_domain: str) -> str:
    """The relying party of a host name: the platform's domain for all its subdomains, else the host.

    One passkey serves every organisation of the platform; a domain of its own enrols separately. A base
    domain without a dot (``localhost``) is no relying party for browsers, so there each host is its own.
    """
    ours = host == base_domain or host.endswith(f".{base_domain}")
    return base_domain if ours and "." in base_domain else host


def site_of(request: HttpRequest) -> Site:
    """The site of a request; its host is known, or the tenant middleware would have refused it."""
    name = request.get_host()
    host = name.partition(":")[0].rstrip(".").lower()
    tenant = host_tenant(request)
    return Site(
        rp_id_of(host, settings.BASE_DOMAIN),
        f"{request.scheme}://{name.lower()}",
        "Tradehall" if tenant is None else tenant.name,
    )
