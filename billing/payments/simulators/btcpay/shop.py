"""Invoices and payouts of one store: what was received, when, and how deep in the chain it lies."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from secrets import token_hex
from typing import Any, Final

from billing.payments.simulators.accounts import derived
from billing.payments.simulators.amounts import part, read_amount, written
from billing.payments.simulators.app import World, as_json
from billing.payments.simulators.state import now

#: Blocks that a payment needs, by the invoice's speed policy.
BLOCKS: Final = {"HighSpeed": 0, "MediumSpeed": 1, "LowMediumSpeed": 2, "LowSpeed": 6}
#: The price of one BTC.
RATES: Final = {"EUR": Decimal(60_000), "USD": Decimal(65_000), "BTC": Decimal(1), "LTC": Decimal(1)}
_CURRENCIES: Final = frozenset(RATES)
_ADDRESS: Final = re.compile(
    r"(bc1|tb1|bcrt1|ltc1)[0-9a-z]{10,80}|[13mn2LM][1-9A-HJ-NP-Za-km-z]{25,34}", re.ASCII
)
_STATES: Final = ("AwaitingApproval", "AwaitingPayment", "InProgress", "Completed", "Cancelled")


class Problem(Exception):
    """``{"code", "message"}``."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Invalid(Exception):
    """422: ``[{"path", "message"}]``."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(message)
        self.path, self.message = path, message


@dataclass(frozen=True, slots=True)
class Shop:
    """One store."""

    world: World
    account: str
    base: str

    def invoice(self, identity: str) -> dict[str, Any]:
        """The invoice, expired if its time is over. Raises Problem."""
        found = self.world.store.get("btcpay", "invoice", identity, account=self.account)
        if found is None:
            raise Problem(404, "invoice-not-found", "The invoice was not found")
        if found["status"] == "New" and found["expirationTime"] <= now():
            return self._expired(found)
        return found

    def _put(self, invoice: dict[str, Any]) -> dict[str, Any]:
        self.world.store.put("btcpay", "invoice", invoice["id"], invoice, account=self.account)
        return invoice

    def shown(self, invoice: dict[str, Any]) -> dict[str, Any]:
        """As the API shows it."""
        return {name: value for name, value in invoice.items() if name != "simulator"}

    def make_invoice(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """``POST …/invoices``. It knows no idempotency: a repeated call makes another invoice."""
        money = read_amount(body.get("amount"), body.get("currency"), _CURRENCIES)
        if money is None:
            raise Invalid("amount", "The amount should be a positive decimal text in a currency of the store")
        checkout = part(body, "checkout")
        if checkout.get("speedPolicy") not in BLOCKS:
            raise Invalid("checkout.speedPolicy", "The speed policy is unknown")
        method = f"{'LTC' if money.currency == 'LTC' else 'BTC'}-CHAIN"
        if checkout.get("paymentMethods", [method]) != [method]:
            raise Invalid("checkout.paymentMethods", "The payment method is not of this store")
        tolerance = checkout.get("paymentTolerance", 0)
        if not isinstance(tolerance, int) or not 0 <= tolerance <= 100:
            raise Invalid("checkout.paymentTolerance", "The tolerance is a percentage")
        minutes = checkout.get("expirationMinutes", 15)
        identity, began = token_hex(11), int(now())
        crypto = method.partition("-")[0]
        due = (money.amount / RATES[money.currency]).quantize(Decimal("1e-8"), ROUND_UP)
        invoice = {
            "id": identity,
            "storeId": self.account,
            "amount": written(money),
            "currency": money.currency,
            "type": "Standard",
            "checkoutLink": f"{self.base}/i/{identity}",
            "createdTime": began,
            "expirationTime": began + int(minutes) * 60,
            "monitoringExpiration": began
            + int(minutes) * 60
            + int(checkout.get("monitoringMinutes", 60)) * 60,
            "status": "New",
            "additionalStatus": "None",
            "checkout": dict(checkout),
            "metadata": dict(part(body, "metadata")),
            "simulator": {
                "method": method,
                "crypto": crypto,
                "due": f"{due:f}",
                "address": f"{'ltc1q' if crypto == 'LTC' else 'bcrt1q'}{token_hex(19)}",
                "payments": [],
            },
        }
        self._put(invoice)
        self.tell(invoice, "InvoiceCreated")
        return self.shown(invoice)

    def invoices_of(self, order: str) -> list[dict[str, Any]]:
        """Those with this ``metadata.orderId``, newest first."""
        made = self.world.store.all("btcpay", "invoice", account=self.account)
        return [self.shown(each) for each in made if order in ("", each["metadata"].get("orderId"))]

    def method_of(self, invoice: Mapping[str, Any]) -> dict[str, Any]:
        """The one payment method of an invoice with what was received."""
        known = invoice["simulator"]
        due, paid = Decimal(known["due"]), _received(invoice)
        scheme = "litecoin" if known["crypto"] == "LTC" else "bitcoin"
        link = f"{scheme}:{known['address']}?amount={known['due']}"
        return {
            "paymentMethodId": known["method"],
            "currency": known["crypto"],
            "destination": known["address"],
            "paymentLink": link,
            "rate": f"{RATES[invoice['currency']]:f}",
            "amount": known["due"],
            "totalPaid": f"{paid:f}",
            "paymentMethodPaid": f"{paid:f}",
            "due": f"{max(due - paid, Decimal(0)):f}",
            "paymentMethodFee": "0",
            "activated": True,
            "payments": [
                {name: each[name] for name in ("id", "receivedDate", "value", "fee", "status", "destination")}
                for each in known["payments"]
            ],
        }

    def receive(self, identity: str, *, percent: int = 100) -> dict[str, Any]:
        """Somebody sends ``percent`` of what was asked; it is seen at once and lies in no block yet."""
        invoice = self.invoice(identity)
        if invoice["status"] in ("Settled", "Invalid"):
            raise Problem(400, "invoice-closed", f"The invoice is {invoice['status']}")
        known = invoice["simulator"]
        value = (Decimal(known["due"]) * percent / 100).quantize(Decimal("1e-8"), ROUND_UP)
        known["payments"].append(
            {
                "id": f"{token_hex(32)}-0",
                "receivedDate": int(now()),
                "value": f"{value:f}",
                "fee": "0",
                "status": "Processing",
                "destination": known["address"],
                "blocks": 0,
            }
        )
        self.tell(invoice, "InvoiceReceivedPayment", afterExpiration=invoice["status"] == "Expired")
        return self._judge(invoice)

    def confirm(self, identity: str, blocks: int) -> dict[str, Any]:
        """So many blocks more lie on all its payments."""
        invoice = self.invoice(identity)
        for each in invoice["simulator"]["payments"]:
            each["blocks"] += blocks
        return self._judge(invoice)

    def _judge(self, invoice: dict[str, Any]) -> dict[str, Any]:
        """Status after payments or blocks have come."""
        needed = BLOCKS[invoice["checkout"]["speedPolicy"]]
        payments = invoice["simulator"]["payments"]
        for each in payments:
            if each["status"] == "Processing" and each["blocks"] >= needed:
                each["status"] = "Settled"
                self.tell(invoice, "InvoicePaymentSettled")
        due, paid = Decimal(invoice["simulator"]["due"]), _received(invoice)
        enough = paid >= due * (100 - invoice["checkout"].get("paymentTolerance", 0)) / 100
        if invoice["status"] == "Expired":
            invoice["additionalStatus"] = "PaidLate" if enough else "PaidPartial" if paid else "None"
        elif enough:
            if invoice["status"] == "New":
                invoice["status"] = "Processing"
                self.tell(invoice, "InvoiceProcessing", overPaid=paid > due)
            invoice["additionalStatus"] = "PaidOver" if paid > due else "None"
            if all(each["status"] == "Settled" for each in payments):
                invoice["status"] = "Settled"
                self.tell(invoice, "InvoiceSettled", overPaid=paid > due)
        elif paid:
            invoice["additionalStatus"] = "PaidPartial"
        return self.shown(self._put(invoice))

    def expire(self, identity: str) -> dict[str, Any]:
        """Its time is over."""
        invoice = self.invoice(identity)
        return self.shown(invoice if invoice["status"] != "New" else self._expired(invoice))

    def _expired(self, invoice: dict[str, Any]) -> dict[str, Any]:
        invoice["status"] = "Expired"
        invoice["expirationTime"] = min(invoice["expirationTime"], int(now()))
        partial = _received(invoice) > 0
        invoice["additionalStatus"] = "PaidPartial" if partial else "None"
        self.tell(invoice, "InvoiceExpired", partiallyPaid=partial)
        return self._put(invoice)

    def double_spend(self, identity: str) -> dict[str, Any]:
        """Another transaction took the coins before a block did."""
        invoice = self.invoice(identity)
        for each in invoice["simulator"]["payments"]:
            each["status"] = "Invalid"
        invoice |= {"status": "Invalid", "additionalStatus": "None"}
        self.tell(invoice, "InvoiceInvalid")
        return self.shown(self._put(invoice))

    def mark(self, identity: str, status: str) -> dict[str, Any]:
        """``POST …/status``: the shop decides by hand."""
        invoice = self.invoice(identity)
        if status not in ("Invalid", "Settled") or invoice["status"] == status:
            raise Invalid("status", "Status can only be marked to invalid or settled")
        invoice |= {"status": status, "additionalStatus": "Marked"}
        self.tell(invoice, f"Invoice{status}", manuallyMarked=True)
        return self.shown(self._put(invoice))

    def tell(self, invoice: Mapping[str, Any], event: str, **facts: Any) -> None:
        """Notify the store about an invoice."""
        self._send(event, {"invoiceId": invoice["id"], "metadata": invoice["metadata"], **facts})

    def _send(self, event: str, facts: Mapping[str, Any]) -> None:
        delivery = token_hex(11)
        body = {
            "deliveryId": delivery,
            "webhookId": "simulated",
            "originalDeliveryId": delivery,
            "isRedelivery": False,
            "type": event,
            "timestamp": int(now()),
            "storeId": self.account,
            **facts,
        }
        raw = as_json(body)
        secret = derived("btcpay", self.account, "webhook")
        signed = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        self.world.tell("btcpay", self.account, event, {"BTCPay-Sig": f"sha256={signed}"}, raw)

    def pay_out(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """``POST …/payouts``: approved at once, and paid by the store's own processor unless the address says
        otherwise (``…slow``, ``…fail``). It knows no idempotency either."""
        method = str(body.get("payoutMethodId", ""))
        crypto = method.removesuffix("-CHAIN")
        money = read_amount(body.get("amount"), crypto, frozenset({"BTC", "LTC"}))
        if money is None or not method.endswith("-CHAIN"):
            raise Invalid("amount", "The amount and the payout method do not fit")
        destination = str(body.get("destination", ""))
        if not _ADDRESS.fullmatch(destination):
            raise Invalid("destination", "The destination is no address of this network")
        if body.get("approved") is not True:
            raise Invalid("approved", "Payouts of this store are approved when they are made")
        payout: dict[str, Any] = {
            "id": token_hex(11),
            "revision": 0,
            "pullPaymentId": None,
            "date": int(now()),
            "destination": destination,
            "originalCurrency": crypto,
            "originalAmount": written(money),
            "payoutCurrency": crypto,
            "payoutAmount": written(money),
            "payoutMethodId": method,
            "state": "AwaitingPayment",
            "paymentProof": None,
            "metadata": dict(part(body, "metadata")),
        }
        self._keep_payout(payout, "PayoutCreated")
        if self.world.faults.declined("btcpay", "payout") or destination.endswith("fail"):
            return self.restate_payout(payout["id"], "Cancelled")
        return payout if destination.endswith("slow") else self.restate_payout(payout["id"], "Completed")

    def payout(self, identity: str) -> dict[str, Any]:
        """One payout. Raises Problem."""
        found = self.world.store.get("btcpay", "payout", identity, account=self.account)
        if found is None:
            raise Problem(404, "payout-not-found", "The payout was not found")
        return found

    def restate_payout(self, identity: str, state: str) -> dict[str, Any]:
        """The wallet sent it, or the store gave it up."""
        if state not in _STATES:
            raise ValueError(state)
        payout = self.payout(identity) | {"state": state}
        if state == "Completed":
            payout["paymentProof"] = {"proofType": "PayoutTransactionOnChainBlob", "id": token_hex(32)}
        self._keep_payout(payout, "PayoutUpdated")
        return payout

    def _keep_payout(self, payout: dict[str, Any], event: str) -> None:
        self.world.store.put("btcpay", "payout", payout["id"], payout, account=self.account)
        self._send(event, {"payoutId": payout["id"], "payoutState": payout["state"]})


def _received(invoice: Mapping[str, Any]) -> Decimal:
    payments = invoice["simulator"]["payments"]
    return sum((Decimal(each["value"]) for each in payments if each["status"] != "Invalid"), Decimal(0))
