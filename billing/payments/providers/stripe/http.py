"""The SDK's HTTP, over the product's own client: what was sent and what was not is told apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx
from stripe import APIConnectionError, HTTPClient

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
    """Requests of one StripeClient. It never tries again by itself: keys are stored, who calls decides."""

    name = "httpx"

    def __init__(self, client: httpx.Client) -> None:
        super().__init__()
        self._client = client

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
            answer = self._client.request(method.upper(), url, headers=dict(headers or {}), content=post_data)
        except _UNSENT as error:
            raise NotSent(error) from error
        except httpx.TransportError as error:
            raise NoAnswer(error) from error
        return answer.text, answer.status_code, answer.headers

    def close(self) -> None:
        """The connections belong to whoever gave them."""
