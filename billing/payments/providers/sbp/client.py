"""YooKassa's API v3. Not by their SDK: it holds its credentials for the whole process and waits for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from billing.payments.providers.base import Account, ProviderDenied, ProviderUnknown
from billing.payments.providers.remote import Call, as_bytes, ask, keys_of, simulator, text_of

_LIVE: Final = "https://api.yookassa.ru"


def read_error(body: Any) -> tuple[str, str]:
    """``{"type": "error", "code", "description", "parameter"}``."""
    said, parameter = text_of(body, "description"), text_of(body, "parameter")
    return text_of(body, "code"), f"{said} ({parameter})" if parameter else said


class YooKassaClient:
    """The API of one shop; payouts have a gateway and a key of their own."""

    def __init__(self, account: Account) -> None:
        self._is_simulated = account.is_simulated
        keys = keys_of("yookassa", account)
        self._shop = (keys.get("shop_id", ""), keys.get("secret_key", ""))
        self._gateway = (keys.get("payout_gateway_id", ""), keys.get("payout_secret_key", ""))

    def get(self, path: str) -> dict[str, Any]:
        """An object. Raises the three errors."""
        return self._send("GET", path, None, {})

    def post(self, path: str, body: Mapping[str, Any], *, key: str) -> dict[str, Any]:
        """Do something; the same key does it once. Raises the three errors."""
        return self._send("POST", path, as_bytes(body), {"Idempotence-Key": key[:64]})

    def _send(
        self, method: str, path: str, content: bytes | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        auth = self._gateway if path.startswith("/v3/payouts") else self._shop
        if not all(auth):
            raise ProviderDenied("no_credentials", "this account has no keys for that")
        base = simulator("yookassa") if self._is_simulated else _LIVE
        sent = {"Content-Type": "application/json", **headers}
        answer = ask(
            Call(method=method, url=f"{base}{path}", headers=sent, content=content, auth=auth), read_error
        )
        if answer.status == 202:  # taken, and to be asked for again with the same key
            raise ProviderUnknown("processing", text_of(answer.body, "description"))
        if not isinstance(answer.body, dict) or (not text_of(answer.body, "id") and path != "/v3/me"):
            raise ProviderUnknown("garbage")
        return answer.body
