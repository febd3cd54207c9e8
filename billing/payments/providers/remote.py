"""One request to a remote service, and what is certain afterwards. No state, no credentials of its own.

Nothing is shared between accounts but the trust store: a client lives for one call, so no cookie and no
connection that one account opened ever serves another.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import httpx
from django.conf import settings

from billing.payments.simulators.accounts import SIMULATED, credentials
from shared_apps.core.money import Money
from shared_apps.sso.rules import is_public_address

from .base import Account, ProviderDenied, ProviderRefused, ProviderUnknown, ProviderUnreachable

#: Seconds: to connect, to send, for the first byte and between bytes; and for the whole answer.
TIMEOUT: Final = httpx.Timeout(connect=5, write=10, read=20, pool=5)
DEADLINE: Final = 30.0
_MAX_BYTES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back whole, with a status below 500 that is an answer."""

    status: int
    body: Any = None
    raw: bytes = b""


#: Reads a service's error (code, message) from the body of a 4xx.
ErrorReader = Callable[[Any], tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """``typed_by_owner``: somebody typed this address, so only public ones are connected to."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    auth: tuple[str, str] | None = None
    params: Mapping[str, str] = field(default_factory=dict)
    typed_by_owner: bool = False


def simulator(service: str) -> str:
    """The emulator's address. Raises ProviderUnreachable where none runs."""
    if not settings.SIMULATOR_URL:
        raise ProviderUnreachable("no_simulator", "SIMULATOR_URL is not set")
    return f"{settings.SIMULATOR_URL}/{service}"


def keys_of(provider: str, account: Account) -> dict[str, str]:
    """An account's fields. A simulated one has the keys that its number gives it, whatever was typed in."""
    typed = {**{name: str(value) for name, value in account.settings.items()}, **account.secrets}
    if not account.is_simulated or any(value.startswith(SIMULATED) for value in typed.values()):
        return typed
    return {**typed, **credentials(provider, str(account.configuration_id))}


def refuse_old_key(key: str, now: datetime, kept: timedelta) -> None:
    """Repeating a call is harmless only while the service remembers its key; ours tell when they were made.

    Raises ProviderUnknown for older ones: a person looks, nothing is sent twice.
    """
    try:
        made = UUID(key)
    except ValueError:
        return
    if made.version == 7 and now - datetime.fromtimestamp((made.int >> 80) / 1000, UTC) > kept:
        raise ProviderUnknown("key_forgotten", "look for it in the provider's own pages")


def as_bytes(value: Any) -> bytes:
    """A body in JSON."""
    return json.dumps(value, separators=(",", ":")).encode()


def ask(call: Call, read_error: ErrorReader) -> Answer:
    """Send one request. Raises ProviderRefused (4xx), ProviderUnreachable (nothing was sent, or 429) and
    ProviderUnknown (sent, and no answer, an answer of 5xx, or one that is no JSON)."""
    url, headers = call.url, dict(call.headers)
    extensions: dict[str, Any] = {}
    if call.typed_by_owner:
        url, headers["Host"], extensions = _pinned(call.url)
    headers.setdefault("Accept", "application/json")
    began = time.monotonic()
    try:
        with (
            httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False, verify=_trust()) as client,
            client.stream(
                call.method, url, headers=headers, content=call.content, params=dict(call.params) or None,
                auth=call.auth, extensions=extensions,
            ) as response,
        ):  # fmt: skip
            raw = _read(response, began + DEADLINE)
            status = response.status_code
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise ProviderUnreachable("unreachable", type(error).__name__) from None
    except (httpx.UnsupportedProtocol, httpx.LocalProtocolError, httpx.InvalidURL) as error:
        raise ProviderUnreachable("address", type(error).__name__) from None
    except httpx.HTTPError as error:
        raise ProviderUnknown("no_answer", type(error).__name__) from None
    return _answer(status, raw, read_error)


def _answer(status: int, raw: bytes, read_error: ErrorReader) -> Answer:
    if status == 429:
        raise ProviderUnreachable("rate_limited")
    if status in (408, 409, 425) or status >= 500 or 300 <= status < 400:
        raise ProviderUnknown(f"http_{status}")
    body: Any = None
    if raw:
        try:
            body = json.loads(raw)
        except (ValueError, RecursionError):
            if status < 300:
                raise ProviderUnknown("garbage") from None
    if status >= 400:
        code, message = read_error(body)
        refusal = ProviderDenied if status in (401, 403) else ProviderRefused
        raise refusal(code or f"http_{status}", message[:300])
    return Answer(status, body, raw)


def _read(response: httpx.Response, until: float) -> bytes:
    body = b""
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _MAX_BYTES or time.monotonic() > until:
            raise ProviderUnknown("no_answer", "too long")
    return body


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()


def _pinned(address: str) -> tuple[str, str, dict[str, Any]]:
    """The address with the IP address that was checked in the place of the name, the Host header, and SNI."""
    parts = urlsplit(address)
    private = settings.SSO_ALLOW_PRIVATE_PROVIDERS
    if parts.scheme not in (("https", "http") if private else ("https",)) or not parts.hostname:
        raise ProviderUnreachable("address", "https only")
    if parts.username or parts.password:
        raise ProviderUnreachable("address", "no user in an address")
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        raise ProviderUnreachable("unreachable", "name") from None
    addresses = [str(each[4][0]) for each in found]
    if not private and not all(is_public_address(each) for each in addresses):
        raise ProviderUnreachable("address", "not a public address")
    host = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    pinned = urlunsplit((parts.scheme, f"{host}:{port}", parts.path, parts.query, ""))
    return pinned, parts.netloc, {"sni_hostname": parts.hostname}


def text_of(value: Any, *path: str | int) -> str:
    """A text deep in an answer; ``""`` where it is not there."""
    found = dig(value, *path)
    return found if isinstance(found, str) else ""


def dig(value: Any, *path: str | int) -> Any:
    """What lies deep in an answer; None where it is not there."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def money_from(amount: Any, currency: Any) -> Money:
    """An amount of an answer, exact. Raises ProviderUnknown where it is none."""
    try:
        if not isinstance(amount, str) or not isinstance(currency, str):
            raise ValueError(amount)
        money = Money.parse(amount, currency)
        money.minor_units()
    except ValueError:
        raise ProviderUnknown("garbage", "an amount") from None
    return money


def amount_text(money: Money) -> str:
    """With exactly the currency's digits: ``10.00``. Raises ProviderRefused for parts of the last digit."""
    try:
        money.minor_units()
    except ValueError:
        raise ProviderRefused("amount", "not a whole number of the smallest unit") from None
    return f"{money.amount:.{money.digits}f}"
