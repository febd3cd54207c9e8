"""PayPal's REST API: access tokens, request ids, errors. DECISIONS.md says why not by their SDK."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from billing.payments.providers.base import (
    Account,
    ProviderRefused,
    ProviderUnknown,
    ProviderUnreachable,
)
from billing.payments.providers.remote import Answer, Call, as_bytes, ask, keys_of, simulator, text_of

LIVE: Final = "https://api-m.paypal.com"
SANDBOX: Final = "https://api-m.sandbox.paypal.com"
_EARLY: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    until: float


#: Tokens by account and digest of its keys: with other keys, or for another account, nothing is found.
_TOKENS: dict[tuple[UUID, str], _Token] = {}
_LOCK: Final = threading.Lock()
_MOST: Final = 1000


def read_error(body: Any) -> tuple[str, str]:
    """The first detail's issue, else the name; tokens have a form of their own."""
    issue = text_of(body, "details", 0, "issue")
    code = issue or text_of(body, "name") or text_of(body, "error")
    said = text_of(body, "details", 0, "description") or text_of(body, "message")
    return code.lower(), said or text_of(body, "error_description")


class PayPalClient:
    """The API of one account."""

    def __init__(self, account: Account) -> None:
        self._account = account
        live = account.settings.get("environment", "live") != "sandbox"
        self._base = "" if account.is_simulated else (LIVE if live else SANDBOX)
        keys = keys_of("paypal", account)
        self._auth = (keys.get("client_id", ""), keys.get("client_secret", ""))
        self.webhook_id = keys.get("webhook_id", "")
        digest = hashlib.sha256("\0".join((self._base, *self._auth)).encode()).hexdigest()
        self._key = (account.configuration_id, digest)

    @property
    def client_id(self) -> str:
        """The account's public name."""
        return self._auth[0]

    def get(self, path: str) -> dict[str, Any]:
        """An object. Raises the three errors."""
        return self._object(self._send("GET", path))

    def post(self, path: str, body: Mapping[str, Any], *, request_id: str = "") -> dict[str, Any]:
        """Do something; the same request id does it once. Raises the three errors."""
        headers = {"PayPal-Request-Id": request_id} if request_id else {}
        return self._object(self._send("POST", path, as_bytes(body), headers))

    def post_raw(self, path: str, body: bytes) -> dict[str, Any]:
        """A body whose bytes matter."""
        return self._object(self._send("POST", path, body))

    def delete(self, path: str) -> None:
        """Forget something."""
        self._send("DELETE", path)

    def _object(self, answer: Answer) -> dict[str, Any]:
        if not isinstance(answer.body, dict):
            raise ProviderUnknown("garbage")
        return answer.body

    def _send(
        self, method: str, path: str, content: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Once more with a new token where the first was refused: then nothing has happened yet."""
        for attempt in (1, 2):
            token = self._token()
            sent = {
                "Authorization": f"Bearer {token}",
                "Content-Type": "application/json",
                "Prefer": "return=representation",
                **(headers or {}),
            }
            try:
                return ask(
                    Call(method=method, url=self._url(path), headers=sent, content=content), read_error
                )
            except ProviderRefused as error:
                if error.code != "invalid_token" or attempt == 2:
                    raise
                with _LOCK:
                    _TOKENS.pop(self._key, None)
        raise AssertionError("unreachable")

    def _url(self, path: str) -> str:
        return f"{self._base or simulator('paypal')}{path}"

    def _token(self) -> str:
        with _LOCK:
            known = _TOKENS.get(self._key)
        if known and known.until > time.monotonic():
            return known.text
        call = Call(
            method="POST",
            url=self._url("/v1/oauth2/token"),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            content=b"grant_type=client_credentials",
            auth=self._auth,
        )
        try:
            body = ask(call, read_error).body
        except ProviderUnknown as error:  # a token was asked for, and nothing of what the caller wants
            raise ProviderUnreachable(error.code, error.message) from None
        text, seconds = text_of(body, "access_token"), body.get("expires_in") if isinstance(body, dict) else 0
        if not text or not isinstance(seconds, int):
            raise ProviderUnreachable("garbage", "no access token")
        with _LOCK:
            if len(_TOKENS) >= _MOST:
                _TOKENS.clear()
            _TOKENS[self._key] = _Token(text, time.monotonic() + seconds - _EARLY)
        return text


def request_id(verb: str, key: str) -> str:
    """A PayPal-Request-Id of at most 38 characters, the oldest limit among their APIs."""
    return hashlib.sha256(f"{verb}:{key}".encode()).hexdigest()[:38]
