"""BTCPay's Greenfield API of one store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.payments.providers.base import Account, ProviderDenied, ProviderUnknown
from billing.payments.providers.remote import Call, as_bytes, ask, keys_of, simulator, text_of


def read_error(body: Any) -> tuple[str, str]:
    """``{"code", "message"}``, or the faults of a form: ``[{"path", "message"}]``."""
    if isinstance(body, list):
        return "invalid", "; ".join(f"{text_of(each, 'path')}: {text_of(each, 'message')}" for each in body)
    code = text_of(body, "code")
    return ("not_found" if code.endswith("not-found") else code), text_of(body, "message")


class BTCPayClient:
    """The API of one store, whose server's address its owner has typed."""

    def __init__(self, account: Account) -> None:
        self._account = account
        keys = keys_of("btcpay", account)
        self._base = keys.get("url", "").rstrip("/")
        self._key = keys.get("api_key", "")
        self.store = keys.get("store_id", "")
        self.webhook_secret = keys.get("webhook_secret", "")

    def get(self, path: str, **params: str) -> Any:
        """What lies below the store. Raises the three errors."""
        return self._send("GET", path, None, params)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Do something. It knows no idempotency: look first. Raises the three errors."""
        answer = self._send("POST", path, as_bytes(body), {})
        if not isinstance(answer, dict):
            raise ProviderUnknown("garbage")
        return answer

    def _send(self, method: str, path: str, content: bytes | None, params: Mapping[str, str]) -> Any:
        simulated = self._account.is_simulated
        base = simulator("btcpay") if simulated else self._base
        if not self._key:
            raise ProviderDenied("no_credentials", "this account has no key")
        if not base or not self.store:
            raise ProviderDenied("no_address", "this account has no server")
        call = Call(
            method=method,
            url=f"{base}/api/v1/stores/{self.store}{path}",
            headers={"Authorization": f"token {self._key}", "Content-Type": "application/json"},
            content=content,
            params=params,
            typed_by_owner=not simulated,
        )
        return ask(call, read_error).body
