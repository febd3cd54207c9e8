"""Refunds, payouts and disputes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from billing.payments.simulators.amounts import part, timestamp, total, written
from billing.payments.simulators.state import now
from shared_apps.core.money import Money

from .orders import without_notes
from .problems import Problem, invalid, missing, refused
from .shop import Shop, money_of, new_id

_REASONS: Final = ("MERCHANDISE_OR_SERVICE_NOT_RECEIVED", "UNAUTHORISED", "OTHER")
_FINAL: Final = {"SUCCESS": "SUCCEEDED", "FAILED": "FAILED", "RETURNED": "RETURNED", "UNCLAIMED": "UNCLAIMED",
                 "BLOCKED": "BLOCKED", "REFUNDED": "REFUNDED", "DENIED": "DENIED"}  # fmt: skip


def _money(amount: Mapping[str, Any]) -> Money:
    return Money.parse(amount["value"], amount["currency_code"])


def refund(shop: Shop, taken: dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    """``POST /v2/payments/captures/{id}/refund``; without an amount all that is left. Raises Problem."""
    if taken["status"] not in ("COMPLETED", "PARTIALLY_REFUNDED"):
        issue = "CAPTURE_FULLY_REFUNDED" if taken["status"] == "REFUNDED" else "INVALID_RESOURCE_STATE"
        raise refused(issue)
    paid = _money(taken["amount"])
    left = paid - _refunded(shop, taken["id"], paid.currency)
    money = money_of(body, "amount") if "amount" in body else left
    if money.currency != paid.currency:
        raise refused("CURRENCY_MISMATCH", "/amount/currency_code")
    if left < money:
        raise refused("REFUND_AMOUNT_EXCEEDED", "/amount/value")
    if len(str(body.get("note_to_payer", ""))) > 255:
        raise invalid("/note_to_payer", "INVALID_STRING_MAX_LENGTH")
    if shop.world.faults.declined("paypal", "refund"):
        raise refused("REFUND_FAILED_INSUFFICIENT_FUNDS")
    made = {
        "id": new_id(),
        "status": "COMPLETED",
        "amount": {"currency_code": money.currency, "value": written(money)},
        "create_time": timestamp(),
        "links": [{"rel": "up", "method": "GET", "href": f"{shop.base}/v2/payments/captures/{taken['id']}"}],
        **{name: body[name] for name in ("custom_id", "invoice_id", "note_to_payer") if name in body},
        "simulator": {"capture": taken["id"]},
    }
    shop.put("refund", made)
    _restate(shop, taken)
    shop.tell("PAYMENT.CAPTURE.REFUNDED", "refund", without_notes(made))
    return without_notes(made)


def _refunded(shop: Shop, capture_id: str, currency: str) -> Money:
    made = [each for each in shop.all("refund") if each["simulator"]["capture"] == capture_id]
    return total([_money(each["amount"]) for each in made if each["status"] != "FAILED"], currency)


def _restate(shop: Shop, taken: dict[str, Any]) -> None:
    paid = _money(taken["amount"])
    back = _refunded(shop, taken["id"], paid.currency)
    taken["status"] = "REFUNDED" if back == paid else "PARTIALLY_REFUNDED" if back else "COMPLETED"
    shop.put("capture", taken)


def fail_refund(shop: Shop, refund_id: str) -> dict[str, Any]:
    """Days later the payer's bank sends a refund back."""
    made = shop.get("refund", refund_id)
    made["status"] = "FAILED"
    made["status_details"] = {"reason": "ECHECK"}
    shop.put("refund", made)
    _restate(shop, shop.get("capture", made["simulator"]["capture"]))
    shop.tell("PAYMENT.REFUND.FAILED", "refund", without_notes(made))
    return without_notes(made)


def pay_out(shop: Shop, body: Mapping[str, Any]) -> dict[str, Any]:
    """``POST /v1/payments/payouts`` with one item. Raises Problem."""
    header = part(body, "sender_batch_header")
    batch_key = header.get("sender_batch_id")
    if not isinstance(batch_key, str) or not 0 < len(batch_key) <= 256:
        raise missing("sender_batch_header.sender_batch_id")
    items = body.get("items")
    if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
        raise missing("items")
    item = items[0]
    if item.get("recipient_type") != "EMAIL" or "@" not in str(item.get("receiver", "")):
        raise invalid("items[0].receiver")
    money = money_of(item, "amount", key="currency")
    if any(each["simulator"]["key"] == batch_key for each in shop.all("batch")):
        raise Problem(400, "USER_BUSINESS_ERROR", "DUPLICATE_SENDER_BATCH_ID",
                      description="Batch with given sender_batch_id already exists")  # fmt: skip
    receiver = str(item["receiver"])
    name = receiver.partition("@")[0]
    outcome = {"fail": "FAILED", "unclaimed": "UNCLAIMED", "slow": "PENDING"}.get(name, "SUCCESS")
    if shop.world.faults.declined("paypal", "payout"):
        outcome = "FAILED"
    batch: dict[str, Any] = {
        "id": new_id(13),
        "simulator": {
            "key": batch_key,
            "item": new_id(13),
            "amount": {"currency": money.currency, "value": written(money)},
            "receiver": receiver,
            "sender_item_id": item.get("sender_item_id", ""),
            "status": "PENDING",
        },
    }
    shop.put("batch", batch)
    answer = {"batch_header": {"payout_batch_id": batch["id"], "batch_status": "PENDING",
                               "sender_batch_header": dict(header)}}  # fmt: skip
    if outcome != "PENDING":
        advance_payout(shop, batch["id"], outcome)
    return answer


def shown_payout(shop: Shop, batch: Mapping[str, Any]) -> dict[str, Any]:
    """``GET /v1/payments/payouts/{id}``."""
    known = batch["simulator"]
    status = known["status"]
    item: dict[str, Any] = {
        "payout_item_id": known["item"],
        "payout_batch_id": batch["id"],
        "transaction_status": status,
        "payout_item": {
            "recipient_type": "EMAIL",
            "receiver": known["receiver"],
            "amount": known["amount"],
            "sender_item_id": known["sender_item_id"],
        },
    }
    if status in ("FAILED", "RETURNED", "BLOCKED", "DENIED"):
        item["errors"] = {"name": "RECEIVER_UNREGISTERED", "message": "Receiver is unregistered (simulated)"}
    if status == "SUCCESS":
        item["transaction_id"] = f"T{known['item']}"
    state = "PENDING" if status == "PENDING" else "SUCCESS"
    header = {"payout_batch_id": batch["id"], "batch_status": state, "amount": known["amount"],
              "sender_batch_header": {"sender_batch_id": known["key"]}}  # fmt: skip
    return {"batch_header": header, "items": [item]}


def advance_payout(shop: Shop, batch_id: str, status: str) -> dict[str, Any]:
    """An item reaches another state, also long after its success (RETURNED)."""
    batch = shop.get("batch", batch_id)
    batch["simulator"]["status"] = status
    event = _FINAL[status]
    shop.put("batch", batch)
    item = shown_payout(shop, batch)["items"][0]
    shop.tell(f"PAYMENT.PAYOUTS-ITEM.{event}", "payouts_item", item)
    return {"payout_batch_id": batch_id, "transaction_status": status}


def open_dispute(shop: Shop, capture_id: str, reason: str = "OTHER") -> dict[str, Any]:
    """The payer complains."""
    taken = shop.get("capture", capture_id)
    if reason not in _REASONS:
        raise ValueError(reason)
    dispute = {
        "id": f"PP-D-{shop.world.store.count('dispute')}",
        "create_time": timestamp(),
        "reason": reason,
        "status": "WAITING_FOR_SELLER_RESPONSE",
        "dispute_amount": taken["amount"],
        "dispute_life_cycle_stage": "INQUIRY",
        "disputed_transactions": [
            {"seller_transaction_id": taken["id"], "custom": taken.get("custom_id", "")}
        ],
        "seller_response_due_date": timestamp(now() + 7 * 86_400),
    }
    shop.put("dispute", dispute)
    shop.tell("CUSTOMER.DISPUTE.CREATED", "dispute", shown_dispute(dispute))
    return shown_dispute(dispute)


def shown_dispute(dispute: dict[str, Any]) -> dict[str, Any]:
    """As the API names it."""
    return {"dispute_id": dispute["id"], **{name: value for name, value in dispute.items() if name != "id"}}


def resolve_dispute(shop: Shop, dispute_id: str, outcome: str) -> dict[str, Any]:
    """PayPal decides: RESOLVED_BUYER_FAVOUR, RESOLVED_SELLER_FAVOUR, CANCELED_BY_BUYER, ACCEPTED."""
    dispute = shop.get("dispute", dispute_id)
    dispute["status"] = "RESOLVED"
    dispute["dispute_outcome"] = {"outcome_code": outcome}
    shop.put("dispute", dispute)
    shop.tell("CUSTOMER.DISPUTE.RESOLVED", "dispute", shown_dispute(dispute))
    return shown_dispute(dispute)
