"""OpenID Connect without a network: PKCE, what a provider's description must say, what claims must hold."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

#: Signatures that are taken; never ``none``, and never a secret that the provider shares with others.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
#: Seconds by which the provider's clock may differ.
LEEWAY: Final = 60
_REFUSED_NETWORKS = [
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "fec0::/10", "100.64.0.0/10")
]


class Refused(Exception):
    """Something in the provider's answer does not hold; ``reason`` says what, in one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Description:
    """What is used of a provider's published configuration."""

    issuer: str
    authorization: str
    token: str
    keys: str


@dataclass(frozen=True, slots=True)
class Person:
    """Whom the provider vouches for."""

    subject: str
    email: str


def pkce_challenge(verifier: str) -> str:
    """RFC 7636, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def description_address(issuer: str) -> str:
    """Where a provider publishes its configuration."""
    return f"{issuer.rstrip('/')}/.well-known/openid-configuration"


def read_description(issuer: str, body: Mapping[str, Any]) -> Description:
    """The configuration, if it is this issuer's own. Raises Refused."""
    if body.get("issuer") != issuer:
        raise Refused("issuer")
    found = [body.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if not all(isinstance(each, str) and urlsplit(each).scheme in ("https", "http") for each in found):
        raise Refused("configuration")
    secure = urlsplit(issuer).scheme == "https"
    if secure and any(urlsplit(str(each)).scheme != "https" for each in found):
        raise Refused("configuration")
    return Description(issuer, str(found[0]), str(found[1]), str(found[2]))


def authorization_address(
    description: Description, *, client_id: str, redirect_uri: str, state: str, nonce: str, verifier: str
) -> str:
    """Where the browser goes."""
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": pkce_challenge(verifier),
        "code_challenge_method": "S256",
    }
    mark = "&" if urlsplit(description.authorization).query else "?"
    return f"{description.authorization}{mark}{urlencode(query)}"


def check_claims(claims: Mapping[str, Any], *, client_id: str, nonce: str, domains: Iterable[str]) -> Person:
    """The person of an ID token whose signature, issuer, audience and times hold already. Raises Refused.

    The nonce must be ours, the e-mail confirmed by the provider and of a domain that the organisation has
    proved to own: without that its provider could speak for anybody's address.
    """
    audience = claims.get("aud")
    if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != client_id:
        raise Refused("azp")
    if claims.get("nonce") != nonce:
        raise Refused("nonce")
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Refused("subject")
    if not isinstance(email, str) or email.count("@") != 1 or claims.get("email_verified") is not True:
        raise Refused("email_not_verified")
    if not is_of_domains(email, domains):
        raise Refused("domain")
    return Person(subject, email.strip().lower())


def is_of_domains(email: str, domains: Iterable[str]) -> bool:
    """Whether an address is of one of these domains, or of a subdomain of one."""
    host = email.rpartition("@")[2].strip().lower().rstrip(".")
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def is_public_address(text: str) -> bool:
    """Whether an IP address is one of the open internet (attack table, row 20)."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address.version == each.version and address in each for each in _REFUSED_NETWORKS)
