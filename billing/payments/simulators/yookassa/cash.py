"""Payments, refunds and payouts of one shop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from billing.payments.simulators.amounts import part, read_amount, timestamp, total, written
from billing.payments.simulators.app import World, as_json
from billing.payments.simulators.state import now
from shared_apps.core.money import Money

RUB: Final = frozenset({"RUB"})
_PHONE: Final = re.compile(r"7\d{10}", re.ASCII)
_QR_SECONDS: Final = 3600


class Problem(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, description: str, parameter: str = "") -> None:
        super().__init__(description)
        self.status, self.code, self.description, self.parameter = status, code, description, parameter


def wrong(parameter: str, description: str = "") -> Problem:
    """A parameter is missing or wrong."""
    return Problem(400, "invalid_request", description or f"{parameter}: incorrect value", parameter)


def money_in(body: Mapping[str, Any]) -> Money:
    """The amount of a body. Raises Problem."""
    given = part(body, "amount")
    money = read_amount(given.get("value"), given.get("currency"), RUB)
    if money is None:
        raise wrong("amount")
    return money


def amount(money: Money) -> dict[str, str]:
    """As YooKassa writes it."""
    return {"value": written(money), "currency": money.currency}


def _texts(body: Mapping[str, Any]) -> dict[str, Any]:
    """Description and metadata, within their limits."""
    if len(str(body.get("description", ""))) > 128:
        raise wrong("description")
    metadata = body.get("metadata", {})
    if not isinstance(metadata, dict) or len(metadata) > 16:
        raise wrong("metadata")
    if any(len(name) > 32 or not isinstance(text, str) or len(text) > 512 for name, text in metadata.items()):
        raise wrong("metadata")
    return {"description": body.get("description", ""), "metadata": metadata}


@dataclass(frozen=True, slots=True)
class Cashier:
    """The shop and its objects."""

    world: World
    account: str
    base: str

    def get(self, kind: str, identity: str) -> dict[str, Any]:
        """One of the shop's objects; a payment whose QR code ran out is cancelled by then."""
        found = self.world.store.get("yookassa", kind, identity, account=self.account)
        if found is None:
            raise Problem(
                404, "not_found", f"Incorrect {kind}_id. {kind.capitalize()} doesn't exist or access denied"
            )
        if kind == "payment" and found["status"] == "pending":
            made = self.world.store.get("yookassa", "until", identity)
            if made and made["until"] < now():
                return self.cancelled(identity, "yoo_money", "expired_on_confirmation")
        return found

    def put(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """Keep an object under its id."""
        self.world.store.put("yookassa", kind, body["id"], body, account=self.account)
        return body

    def tell(self, event: str, body: dict[str, Any]) -> None:
        """Notify the shop: not signed, from the addresses that YooKassa publishes."""
        raw = as_json({"type": "notification", "event": event, "object": body})
        self.world.tell("yookassa", self.account, event, {}, raw)

    def take_payment(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """``POST /v3/payments``."""
        money = money_in(body)
        if part(body, "payment_method_data").get("type") != "sbp":
            raise wrong("payment_method_data.type")
        if body.get("capture") is not True:
            raise wrong("capture", "SBP payments are captured at once")
        confirmation = part(body, "confirmation")
        if confirmation.get("type") not in ("qr", "redirect"):
            raise wrong("confirmation.type")
        if not str(confirmation.get("return_url", "")).startswith(("http://", "https://")):
            raise wrong("confirmation.return_url")
        identity = str(uuid4())
        address = f"{self.base}/sbp/{identity}"
        shown = {"type": "qr", "confirmation_data": address}
        if confirmation["type"] == "redirect":
            shown = {"type": "redirect", "confirmation_url": address}
        self.world.store.put(
            "yookassa",
            "until",
            identity,
            {"until": now() + _QR_SECONDS, "return_url": confirmation["return_url"]},
        )
        payment = {
            "id": identity,
            "status": "pending",
            "amount": amount(money),
            "created_at": timestamp(),
            "paid": False,
            "refundable": False,
            "test": True,
            "confirmation": shown,
            "recipient": {"account_id": self.account, "gateway_id": "1"},
            **_texts(body),
        }
        if self.world.faults.declined("yookassa", "payment"):
            payment |= {
                "status": "canceled",
                "cancellation_details": {"party": "yoo_money", "reason": "fraud_suspected"},
            }
        return self.put("payment", payment)

    def paid(self, identity: str) -> dict[str, Any]:
        """The payer's bank sent the money."""
        payment = self.get("payment", identity)
        if payment["status"] != "pending":
            raise wrong("status")
        payment.pop("confirmation")
        payment |= {
            "status": "succeeded",
            "paid": True,
            "refundable": True,
            "captured_at": timestamp(),
            "payment_method": {"type": "sbp", "id": identity, "saved": False},
            "refunded_amount": {"value": "0.00", "currency": "RUB"},
        }
        self.put("payment", payment)
        self.tell("payment.succeeded", payment)
        return payment

    def cancelled(self, identity: str, party: str, reason: str) -> dict[str, Any]:
        """The payment will not come: refused by the payer's bank, or nobody paid in time."""
        payment = self.world.store.get("yookassa", "payment", identity, account=self.account)
        if payment is None or payment["status"] != "pending":
            raise wrong("status")
        payment.pop("confirmation", None)
        payment |= {"status": "canceled", "cancellation_details": {"party": party, "reason": reason}}
        self.put("payment", payment)
        self.tell("payment.canceled", payment)
        return payment

    def refund(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """``POST /v3/refunds``."""
        payment = self.get("payment", str(body.get("payment_id", "")))
        money = money_in(body)
        if payment["status"] != "succeeded":
            raise wrong("payment_id", "Payment is not paid")
        paid = Money.parse(payment["amount"]["value"], "RUB")
        if paid - self._refunded(payment["id"]) < money:
            raise wrong("amount", "Refund is more than what is left of the payment")
        declined = self.world.faults.declined("yookassa", "refund")
        refund = {
            "id": str(uuid4()),
            "payment_id": payment["id"],
            "status": "canceled" if declined else "succeeded",
            "amount": amount(money),
            "created_at": timestamp(),
            "description": _texts(body)["description"],
        }
        held = not declined and self.world.store.get("yookassa", "slow_refunds", self.account) is not None
        if held:
            refund["status"] = "pending"
        if declined:
            refund["cancellation_details"] = {"party": "yoo_money", "reason": "insufficient_funds"}
        self.put("refund", refund)
        self._restate_payment(payment)
        if refund["status"] == "succeeded":
            self.tell("refund.succeeded", refund)
        return refund

    def _refunded(self, payment_id: str) -> Money:
        made = self.world.store.all("yookassa", "refund", account=self.account)
        mine = [each for each in made if each["payment_id"] == payment_id and each["status"] != "canceled"]
        return total([Money.parse(each["amount"]["value"], "RUB") for each in mine], "RUB")

    def _restate_payment(self, payment: dict[str, Any]) -> None:
        back = self._refunded(payment["id"])
        payment["refunded_amount"] = amount(back)
        payment["refundable"] = back < Money.parse(payment["amount"]["value"], "RUB")
        self.put("payment", payment)

    def pay_out(self, body: Mapping[str, Any], banks: list[dict[str, str]]) -> dict[str, Any]:
        """``POST /v3/payouts`` to a phone number; one that ends with 0000 fails, with 1111 waits."""
        money = money_in(body)
        target = part(body, "payout_destination_data")
        if target.get("type") != "sbp":
            raise wrong("payout_destination_data.type")
        phone = str(target.get("phone", ""))
        if not _PHONE.fullmatch(phone):
            raise wrong("payout_destination_data.phone")
        if target.get("bank_id") not in {bank["bank_id"] for bank in banks}:
            raise wrong("payout_destination_data.bank_id")
        payout = {
            "id": f"po-{uuid4()}",
            "amount": amount(money),
            "status": "pending",
            "created_at": timestamp(),
            "payout_destination": {"type": "sbp", "phone": phone, "bank_id": target["bank_id"]},
            "test": True,
            **_texts(body),
        }
        self.put("payout", payout)
        declined = self.world.faults.declined("yookassa", "payout") or phone.endswith("0000")
        if not phone.endswith("1111"):
            return self.restate("payout", payout["id"], "canceled" if declined else "succeeded")
        return payout

    def restate(self, kind: str, identity: str, status: str) -> dict[str, Any]:
        """A refund or payout ends; of a refund that comes to nothing YooKassa tells nobody."""
        if status not in ("pending", "succeeded", "canceled"):
            raise ValueError(status)
        found = self.get(kind, identity)
        found["status"] = status
        if status == "canceled":
            reason = "general_decline" if kind == "payout" else "rejected_by_payee"
            found["cancellation_details"] = {"party": f"{kind}_network", "reason": reason}
        self.put(kind, found)
        if kind == "refund":
            self._restate_payment(self.get("payment", found["payment_id"]))
        if status != "pending" and (kind, status) != ("refund", "canceled"):
            self.tell(f"{kind}.{status}", found)
        return found
