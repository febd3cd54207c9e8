"""Accounts at the emulators. Nobody registers: a key is right when it follows from the account's name.

A simulated configuration with the id X has the account ``sim-X``, whose keys `credentials` computes, and its
notifications go to `notification_path`. So things may start in any order. Nothing is secret here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

_KEY: Final = b"the emulators of tradehall hold no secrets"
SIMULATED: Final = "sim-"
_ACCOUNT: Final = re.compile(r"sim-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def account_name(configuration: str) -> str:
    """The account of a simulated configuration."""
    return f"{SIMULATED}{configuration}"


def derived(service: str, account: str, purpose: str, length: int = 40) -> str:
    """The key of an account for one purpose, as hexadecimal digits."""
    text = f"{service}\0{account}\0{purpose}".encode()
    return hmac.new(_KEY, text, hashlib.sha256).hexdigest()[:length]


def is_right(service: str, account: str, purpose: str, given: str) -> bool:
    """Whether ``given`` is that account's key."""
    return hmac.compare_digest(derived(service, account, purpose).encode(), given.encode())


def notification_path(provider: str, account: str) -> str:
    """Where on the platform's host an account's notifications arrive; ``""`` for accounts of other forms."""
    found = _ACCOUNT.fullmatch(account)
    return f"/api/v1/payments/webhooks/{provider}/{found[1]}/" if found else ""


def credentials(provider: str, configuration: str) -> dict[str, str]:
    """The fields of a simulated configuration, by the names that its provider's form has. Raises KeyError."""
    account = account_name(configuration)
    keys: dict[str, dict[str, str]] = {
        "paypal": {
            "client_id": account,
            "client_secret": derived("paypal", account, "secret"),
            "webhook_id": derived("paypal", account, "webhook", 17).upper(),
        },
        "yookassa": {
            "shop_id": account,
            "secret_key": derived("yookassa", account, "secret"),
            "payout_gateway_id": account,
            "payout_secret_key": derived("yookassa", account, "payout"),
        },
        "btcpay": {
            "store_id": account,
            "api_key": derived("btcpay", account, "key"),
            "webhook_secret": derived("btcpay", account, "webhook"),
        },
    }
    return keys[provider]
