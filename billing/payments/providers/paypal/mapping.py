"""PayPal's objects as ours: pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from billing.payments.providers.base import (
    Action,
    ActionKind,
    ObjectKind,
    ProviderUnknown,
    SavedReference,
    Snapshot,
)
from billing.payments.providers.remote import dig, money_from, text_of
from shared_apps.core.money import Money

_CAPTURE: Final = {
    "COMPLETED": "succeeded",
    "PARTIALLY_REFUNDED": "succeeded",
    "REFUNDED": "succeeded",
    "PENDING": "processing",
    "DECLINED": "failed",
    "FAILED": "failed",
}
_REFUND: Final = {"COMPLETED": "succeeded", "PENDING": "pending", "FAILED": "failed", "CANCELLED": "failed"}
_PAYOUT: Final = {
    "SUCCESS": "settled",
    "PENDING": "pending",
    "ONHOLD": "pending",
    "UNCLAIMED": "pending",  # it comes back after thirty days if nobody claims it
    **dict.fromkeys(
        ("FAILED", "RETURNED", "BLOCKED", "REFUNDED", "REVERSED", "DENIED", "CANCELED"), "failed"
    ),
}
_DISPUTE: Final = {
    "OPEN": "needs_response",
    "WAITING_FOR_SELLER_RESPONSE": "needs_response",
    "APPEALABLE": "under_review",
    "UNDER_REVIEW": "under_review",
    "WAITING_FOR_BUYER_RESPONSE": "under_review",
    "OTHER": "under_review",
}
_WON: Final = ("RESOLVED_SELLER_FAVOUR", "CANCELED_BY_BUYER", "DENIED")


def state_in(table: Mapping[str, str], status: str) -> str:
    """Raises ProviderUnknown for a status that nobody has told us about."""
    if status not in table:
        raise ProviderUnknown("garbage", f"status {status[:40]}")
    return table[status]


def amount_of(value: Any, key: str = "currency_code") -> Money:
    """``{"currency_code": "EUR", "value": "10.00"}``. Raises ProviderUnknown."""
    return money_from(dig(value, "value"), dig(value, key))


def capture_of(order: Any) -> dict[str, Any] | None:
    """The order's one capture: the last, where an earlier one was declined."""
    captures = dig(order, "purchase_units", 0, "payments", "captures")
    if not isinstance(captures, list) or not captures or not isinstance(captures[-1], dict):
        return None
    last: dict[str, Any] = captures[-1]
    return last


def approval_link(order: Any) -> str:
    """Where the payer approves it."""
    links = dig(order, "links")
    for link in links if isinstance(links, list) else []:
        if text_of(link, "rel") in ("payer-action", "approve"):
            address = text_of(link, "href")
            return address if address.startswith(("https://", "http://")) else ""
    return ""


def payment(order: dict[str, Any]) -> Snapshot:
    """A snapshot of an order. Raises ProviderUnknown for what is no order."""
    reference = text_of(order, "id")
    asked = amount_of(dig(order, "purchase_units", 0, "amount"))
    status = text_of(order, "status")
    if not reference:
        raise ProviderUnknown("garbage", "no order")
    taken = capture_of(order)
    if taken is not None:
        state = state_in(_CAPTURE, text_of(taken, "status"))
        reason = text_of(taken, "status_details", "reason")
        return Snapshot(
            kind=ObjectKind.PAYMENT,
            reference=reference,
            state=state,
            money=amount_of(dig(taken, "amount")) if state == "succeeded" else Money.zero(asked.currency),
            failure_code=(reason or "declined").lower() if state == "failed" else "",
            reason=reason.lower(),
            saved=saved_account(order),
            action=Action(reference=reference, state=state),
        )
    nothing = Money.zero(asked.currency)
    if status == "VOIDED":
        return Snapshot(kind=ObjectKind.PAYMENT, reference=reference, state="cancelled", money=nothing)
    if status not in ("CREATED", "SAVED", "PAYER_ACTION_REQUIRED", "APPROVED"):
        raise ProviderUnknown("garbage", f"order {status[:40]}")
    link = approval_link(order)
    action = (
        Action(reference=reference, state="pending", kind=ActionKind.REDIRECT, url=link) if link else None
    )
    return Snapshot(
        kind=ObjectKind.PAYMENT, reference=reference, state="pending", money=nothing, action=action
    )


def saved_account(order: Any) -> SavedReference | None:
    """The account that the payer agreed to have charged again, once it is kept."""
    paypal = dig(order, "payment_source", "paypal")
    token = text_of(paypal, "attributes", "vault", "id")
    customer = text_of(paypal, "attributes", "vault", "customer", "id")
    if not token or not customer:
        return None
    return SavedReference(customer=customer, reference=token, kind="paypal", brand="PayPal")


def refund(body: Any, parent: str) -> Snapshot:
    """A snapshot of a refund of the order ``parent``."""
    state = state_in(_REFUND, text_of(body, "status"))
    reason = text_of(body, "status_details", "reason").lower()
    return Snapshot(
        kind=ObjectKind.REFUND,
        reference=_named(body, "id"),
        state=state,
        money=amount_of(dig(body, "amount")),
        parent=parent,
        failure_code=(reason or "failed") if state == "failed" else "",
    )


def payout(body: Any) -> Snapshot:
    """A snapshot of a payout's one item; a refused batch fails it."""
    item = dig(body, "items", 0)
    if text_of(body, "batch_header", "batch_status") in ("DENIED", "CANCELED"):
        state = "failed"
    else:
        state = state_in(_PAYOUT, text_of(item, "transaction_status") or "PENDING")
    return Snapshot(
        kind=ObjectKind.PAYOUT,
        reference=_named(dig(body, "batch_header"), "payout_batch_id"),
        state=state,
        money=amount_of(dig(item, "payout_item", "amount"), "currency"),
        reason=text_of(item, "transaction_status").lower(),
        failure_code=(text_of(item, "errors", "name") or "failed").lower() if state == "failed" else "",
        failure_message=text_of(item, "errors", "message"),
    )


def dispute(body: Any, parent: str) -> Snapshot:
    """A snapshot of a dispute about the order ``parent``."""
    status = text_of(body, "status")
    if status == "RESOLVED":
        state = "won" if text_of(body, "dispute_outcome", "outcome_code") in _WON else "lost"
    else:
        state = state_in(_DISPUTE, status)
    due = text_of(body, "seller_response_due_date")
    try:
        due_by = datetime.fromisoformat(due.replace("Z", "+00:00")) if due else None
    except ValueError:
        raise ProviderUnknown("garbage", "a date") from None
    return Snapshot(
        kind=ObjectKind.DISPUTE,
        reference=_named(body, "dispute_id"),
        state=state,
        money=amount_of(dig(body, "dispute_amount")),
        parent=parent,
        reason=text_of(body, "reason").lower(),
        due_by=due_by,
    )


def _named(body: Any, key: str) -> str:
    name = text_of(body, key)
    if not name:
        raise ProviderUnknown("garbage", f"no {key}")
    return name
