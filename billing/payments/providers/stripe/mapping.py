"""Stripe's objects in the port's words. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from billing.payments.providers.base import (
    Action,
    ActionKind,
    ObjectKind,
    SavedReference,
    Snapshot,
)
from shared_apps.core.money import Money

INTENT: Final = {
    "requires_payment_method": "pending",
    "requires_confirmation": "pending",
    "requires_action": "pending",
    "processing": "processing",
    "requires_capture": "processing",
    "succeeded": "succeeded",
    "canceled": "cancelled",
}
REFUND: Final = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}
PAYOUT: Final = {
    "pending": "pending",
    "in_transit": "pending",
    "paid": "settled",
    "failed": "failed",
    "canceled": "failed",
}
DISPUTE: Final = {
    "warning_needs_response": "needs_response",
    "needs_response": "needs_response",
    "appeal_needs_response": "needs_response",
    "warning_under_review": "under_review",
    "under_review": "under_review",
    "appeal_under_review": "under_review",
    "warning_closed": "won",
    "prevented": "won",
    "won": "won",
    "lost": "lost",
}

Doc = dict[str, Any]


def money(minor_units: int, currency: str) -> Money:
    """An amount of Stripe's; ours have the same smallest units."""
    return Money.of_minor(minor_units, currency.upper())


def moment(seconds: int | None) -> datetime | None:
    """A time of Stripe's."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def intent_state(intent: Doc) -> str:
    """Where a PaymentIntent stands. One charged without the payer ends with its first decline."""
    alone = intent["metadata"].get("off_session") == "1"
    if alone and intent["status"] in ("requires_payment_method", "requires_action"):
        return "failed"
    return INTENT[intent["status"]]


def intent_snapshot(intent: Doc, reference: str) -> Snapshot:
    """A PaymentIntent with its payment method, as the payment whose reference is given."""
    error = intent.get("last_payment_error") or {}
    state = intent_state(intent)
    failed = state in ("failed", "cancelled")
    return Snapshot(
        kind=ObjectKind.PAYMENT,
        reference=reference,
        state=state,
        money=money(intent["amount_received"], intent["currency"]),
        failure_code=_code(error) or state if failed else "",
        failure_message=str(error.get("message") or "") if failed else "",
        saved=saved_of(intent) if state == "succeeded" else None,
    )


def _code(error: Doc) -> str:
    return str(error.get("decline_code") or error.get("code") or "")


def saved_of(intent: Doc) -> SavedReference | None:
    """The card that this intent kept for later."""
    method = intent.get("payment_method")
    if not isinstance(method, dict) or not method.get("customer"):
        return None
    if intent["object"] == "payment_intent" and not intent.get("setup_future_usage"):
        return None
    return card_of(method)


def card_of(method: Doc) -> SavedReference:
    """What we may know of a card."""
    card = method.get("card") or {}
    return SavedReference(
        customer=str(method.get("customer") or ""),
        reference=method["id"],
        kind=method["type"],
        brand=str(card.get("brand", "")),
        last4=str(card.get("last4", "")),
        expires_month=card.get("exp_month"),
        expires_year=card.get("exp_year"),
    )


def session_snapshot(session: Doc) -> Snapshot:
    """A Checkout Session with its expanded PaymentIntent. A declined card leaves the page open."""
    reference, intent = session["id"], session["payment_intent"]
    if isinstance(intent, dict) and intent["status"] in ("succeeded", "processing", "requires_capture"):
        return intent_snapshot(intent, reference)
    state = "cancelled" if session["status"] == "expired" else "pending"
    return Snapshot(
        kind=ObjectKind.PAYMENT,
        reference=reference,
        state=state,
        money=Money.zero(session["currency"].upper()),
        failure_code="expired" if state == "cancelled" else "",
    )


def session_action(session: Doc) -> Action:
    """The page where the payer goes on."""
    return Action(
        reference=session["id"],
        state="pending",
        kind=ActionKind.REDIRECT,
        url=str(session["url"] or ""),
        expires_at=moment(session["expires_at"]),
    )


def intent_action(intent: Doc, public_key: str) -> Action:
    """What an app gives to Stripe's own form."""
    state = intent_state(intent)
    waits = state == "pending"
    return Action(
        reference=intent["id"],
        state=state,
        kind=ActionKind.CLIENT_SECRET if waits else ActionKind.NONE,
        secret=str(intent["client_secret"] or "") if waits else "",
        details={"public_key": public_key} if waits and public_key else {},
    )


def refund_snapshot(refund: Doc, parent: str) -> Snapshot:
    """A refund; one that failed later moved nothing."""
    state = REFUND[refund["status"]]
    return Snapshot(
        kind=ObjectKind.REFUND,
        reference=refund["id"],
        state=state,
        money=money(refund["amount"], refund["currency"]),
        parent=parent,
        reason=str(refund.get("reason") or ""),
        failure_code=str(refund.get("failure_reason") or "refund_failed") if state == "failed" else "",
    )


def dispute_snapshot(dispute: Doc, parent: str) -> Snapshot:
    """A buyer's complaint at the bank."""
    return Snapshot(
        kind=ObjectKind.DISPUTE,
        reference=dispute["id"],
        state=DISPUTE[dispute["status"]],
        money=money(dispute["amount"], dispute["currency"]),
        parent=parent,
        reason=dispute["reason"],
        due_by=moment(dispute["evidence_details"].get("due_by")),
    )


def payout_snapshot(payout: Doc, reference: str) -> Snapshot:
    """A payout from a seller's account to the bank."""
    state = PAYOUT[payout["status"]]
    return Snapshot(
        kind=ObjectKind.PAYOUT,
        reference=reference,
        state=state,
        money=money(payout["amount"], payout["currency"]),
        failure_code=str(payout.get("failure_code") or payout["status"]) if state == "failed" else "",
        failure_message=str(payout.get("failure_message") or "") if state == "failed" else "",
    )
