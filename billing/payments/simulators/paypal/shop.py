"""What one account may read and write; ids as PayPal makes them; notifications with their signature."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from secrets import choice, token_hex
from typing import Any, Final

from billing.payments.simulators.accounts import derived
from billing.payments.simulators.amounts import part, read_amount, timestamp
from billing.payments.simulators.app import World, as_json
from shared_apps.core.money import Money

from .problems import invalid, missing, not_found, refused

CURRENCIES: Final = frozenset("AUD BRL CAD CHF CNY CZK DKK EUR GBP HKD JPY NOK NZD PLN SEK SGD USD".split())
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_id(length: int = 17) -> str:
    """An id like ``5O190127TN364715T``."""
    return "".join(choice(_LETTERS) for _ in range(length))


def signature(account: str, transmission: str, sent_at: str, raw: bytes) -> str:
    """The simulator's signature: over id, time, webhook and the CRC32 of the very bytes, as PayPal's."""
    webhook = derived("paypal", account, "webhook", 17).upper()
    return derived("paypal", account, f"{transmission}|{sent_at}|{webhook}|{zlib.crc32(raw)}")


def money_of(body: Any, field: str, *, key: str = "currency_code") -> Money:
    """The amount in a field of a body. Raises Problem."""
    given = part(body, field)
    if not given:
        raise missing(f"/{field}")
    if given.get(key) not in CURRENCIES:
        raise invalid(f"/{field}/{key}", "CURRENCY_NOT_SUPPORTED")
    if not isinstance(given.get("value"), str):
        raise invalid(f"/{field}/value")
    money = read_amount(given["value"], given[key], CURRENCIES)
    if money is None:
        raise refused("DECIMAL_PRECISION", f"/{field}/value")
    return money


@dataclass(frozen=True, slots=True)
class Shop:
    """One account."""

    world: World
    account: str
    base: str

    def get(self, kind: str, identity: str) -> dict[str, Any]:
        """One of the account's objects. Raises Problem (404)."""
        found = self.world.store.get("paypal", kind, identity, account=self.account)
        if found is None:
            raise not_found()
        return found

    def put(self, kind: str, body: dict[str, Any]) -> None:
        """Keep an object under its id."""
        self.world.store.put("paypal", kind, body["id"], body, account=self.account)

    def all(self, kind: str) -> list[dict[str, Any]]:
        """All of a kind, newest first."""
        return self.world.store.all("paypal", kind, account=self.account)

    def tell(self, event: str, kind: str, resource: dict[str, Any]) -> None:
        """Send a signed notification."""
        sent_at = timestamp()
        body = {
            "id": f"WH-{new_id()}-{new_id()}",
            "event_version": "1.0",
            "create_time": sent_at,
            "resource_type": kind,
            "event_type": event,
            "summary": f"{event} (simulated)",
            "resource": resource,
            "links": [],
        }
        raw = as_json(body)
        transmission = f"{token_hex(4)}-{token_hex(2)}-11ef-{token_hex(2)}-{token_hex(6)}"
        headers = {
            "PAYPAL-TRANSMISSION-ID": transmission,
            "PAYPAL-TRANSMISSION-TIME": sent_at,
            "PAYPAL-TRANSMISSION-SIG": signature(self.account, transmission, sent_at, raw),
            "PAYPAL-CERT-URL": f"{self.base}/v1/notifications/certs/CERT-simulated",
            "PAYPAL-AUTH-ALGO": "SHA256withRSA",
        }
        self.world.tell("paypal", self.account, event, headers, raw)
