"""Asking a provider over the network: the address is checked and pinned, answers are short and JSON.

An owner types the issuer, so the server must not be led into its own network: every address that the name
has must be public, the connection goes to the one that was checked, and redirects are not followed.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import httpx
from django.conf import settings

from .rules import Refused, is_public_address

logger = logging.getLogger(__name__)
_SECONDS: Final = 5.0
_MAX_BYTES: Final = 262_144


def get_json(address: str) -> Any:
    """The JSON behind an address. Raises Refused("network") or Refused("address")."""
    return _ask("GET", address, None, None)


def post_form(address: str, form: Mapping[str, str], auth: tuple[str, str]) -> Any:
    """The JSON that a form is answered with, the client authenticating itself. Raises Refused."""
    return _ask("POST", address, form, auth)


def _ask(method: str, address: str, form: Mapping[str, str] | None, auth: tuple[str, str] | None) -> Any:
    parts = urlsplit(address)
    host = parts.hostname or ""
    url, headers = _pinned(address)
    try:
        with (
            httpx.Client(timeout=_SECONDS, follow_redirects=False, trust_env=False) as client,
            client.stream(
                method,
                url,
                data=None if form is None else dict(form),
                auth=auth,
                headers=headers,
                extensions={"sni_hostname": host},
            ) as response,
        ):
            body = _read(response)
            status = response.status_code
    except (httpx.HTTPError, OSError) as error:
        logger.warning("identity provider unreachable", extra={"host": host, "reason": type(error).__name__})
        raise Refused("network") from None
    if status != 200:
        logger.warning("identity provider refused", extra={"host": host, "status": status})
        raise Refused("network")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Refused("network") from None


def _read(response: httpx.Response) -> bytes:
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise Refused("network")
    return body


def _pinned(address: str) -> tuple[str, dict[str, str]]:
    """The address with the IP address that was checked in the place of the name, and the Host header."""
    parts = urlsplit(address)
    private = settings.SSO_ALLOW_PRIVATE_PROVIDERS
    if parts.scheme not in (("https", "http") if private else ("https",)) or not parts.hostname:
        raise Refused("address")
    if parts.username or parts.password:
        raise Refused("address")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        raise Refused("network") from None
    addresses = [str(each[4][0]) for each in found]
    if not private and not all(is_public_address(each) for each in addresses):
        raise Refused("address")
    chosen = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    pinned = urlunsplit((parts.scheme, f"{chosen}:{port}", parts.path or "/", parts.query, ""))
    return pinned, {"Host": parts.netloc, "Accept": "application/json"}
