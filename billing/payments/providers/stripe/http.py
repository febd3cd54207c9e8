"""The SDK's HTTP, over the product's own client: what was sent and what was not is told apart."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import httpx
from stripe import APIConnectionError, HTTPClient

#: Seconds: to connect, to send, and to answer.
TIMEOUT: Final = httpx.Timeout(connect=5, write=10, read=25, pool=5)
_UNSENT: Final = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
)


class NotSent(APIConnectionError):
    """The request did not leave us: nothing happened at Stripe."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"Stripe cannot be reached: {type(error).__name__}")  # type: ignore[no-untyped-call]


class NoAnswer(APIConnectionError):
    """The request left us and nothing came back: it may have been done."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"Stripe did not answer: {type(error).__name__}")  # type: ignore[no-untyped-call]


class HttpxClient(HTTPClient):
    """Requests of one StripeClient, each on a connection of its own: no cookie of one account meets another.

    It never tries again by itself: keys are stored, who calls decides.
    """

    name = "httpx"

    def __init__(
        self, timeout: httpx.Timeout | float = TIMEOUT, transport: httpx.BaseTransport | None = None
    ) -> None:
        super().__init__()
        self.timeout = timeout
        self._transport = transport

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Text, status and headers of the answer."""
        try:
            with httpx.Client(
                timeout=self.timeout, transport=self._transport, trust_env=False, verify=_trust()
            ) as client:
                answer = client.request(method.upper(), url, headers=dict(headers or {}), content=post_data)
        except _UNSENT as error:
            raise NotSent(error) from error
        except httpx.HTTPError as error:
            raise NoAnswer(error) from error
        return answer.text, answer.status_code, answer.headers

    def close(self) -> None:
        """Nothing stays open."""


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()
