"""How an intent meets a card: authentication, decline, success, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import cards
from .books import Books, Doc
from .charges import charge
from .customers import attach, card_of, method, new_method
from .errors import Refusal, declined, invalid

#: Called with an intent that has succeeded or failed: what it belongs to (invoice, checkout) follows.
AFTERWARDS: list[Callable[[Books, Doc], None]] = []


def chosen(books: Books, intent: Doc, params: Doc) -> Doc:
    """The payment method of a confirmation: given by id, by a card's data, or chosen before."""
    if "payment_method_data" in params:
        raise invalid("The simulator takes payment methods by id.", param="payment_method_data")
    key = params.get("payment_method") or intent["payment_method"]
    if key is None:
        raise invalid(
            "You cannot confirm this PaymentIntent because it's missing a payment method.",
            code="payment_intent_unexpected_state",
        )
    doc = method(books, key)
    if doc.get("_detached") or doc.get("_used"):
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was detached "
            "from a Customer, and may not be used again.",
            param="payment_method",
            code="payment_method_unexpected_state",
        )
    if doc["customer"] is not None and doc["customer"] != intent["customer"]:
        raise invalid(
            "The PaymentMethod cannot be used with this intent because it belongs to another customer.",
            param="payment_method",
        )
    return doc


def confirm(
    books: Books,
    intent: Doc,
    doc: Doc,
    *,
    off_session: bool = False,
    return_url: str | None,
    proved: bool = False,
) -> Doc:
    """Try it. ``proved``: the cardholder has just shown who they are. A decline raises a kept Refusal."""
    intent["payment_method"] = doc["id"]
    intent["_off_session"] = off_session
    card = card_of(doc)
    asks = card.authenticate == "always" or (card.authenticate == "unless_saved" and not doc["_saved"])
    if asks and not proved:
        if off_session:
            raise decline(books, intent, doc, ("authentication_required", "authentication_required"))
        return _ask(books, intent, return_url)
    if card.decline and (intent["object"] == "payment_intent" or not card.attach):
        raise decline(books, intent, doc, card.decline)
    return _succeed(books, intent, doc)


def _ask(books: Books, intent: Doc, return_url: str | None) -> Doc:
    url = f"{books.base}/authenticate/{books.account}/{intent['id']}"
    intent["status"] = "requires_action"
    intent["_return_url"] = return_url
    if return_url:
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"url": url, "return_url": return_url},
        }
    else:
        intent["next_action"] = {
            "type": "use_stripe_sdk",
            "use_stripe_sdk": {"type": "three_d_secure_redirect", "stripe_js": url},
        }
    books.save(intent, f"{intent['object']}.requires_action")
    for each in AFTERWARDS:
        each(books, intent)
    return intent


def decline(books: Books, intent: Doc, doc: Doc, why: tuple[str, str]) -> Refusal:
    """Put the refusal on record and give the error that tells of it."""
    refusal = cards.refusal(*why)
    error: dict[str, Any] = {
        **{name: value for name, value in refusal.error.items() if name != "status"},
        "payment_method": {name: value for name, value in doc.items() if not name.startswith("_")},
    }
    intent["status"], intent["next_action"] = "requires_payment_method", None
    if intent["object"] == "payment_intent":
        if not intent.get("_no_charge"):
            made = charge(books, intent, doc, declined=why)
            intent["latest_charge"] = error["charge"] = made["id"]
        intent["last_payment_error"] = error
        event = "payment_intent.payment_failed"
    else:
        intent["last_setup_error"] = error
        event = "setup_intent.setup_failed"
    intent["payment_method"] = None
    books.save(intent, event)
    for each in AFTERWARDS:
        each(books, intent)
    refusal.error.update(error)
    refusal.error[intent["object"]] = intent
    return refusal


def _succeed(books: Books, intent: Doc, doc: Doc) -> Doc:
    intent["next_action"] = None
    future = intent["usage"] if intent["object"] == "setup_intent" else intent["setup_future_usage"]
    if future and intent["customer"]:
        doc = attach(books, doc, intent["customer"])
        doc["_saved"] = doc["_saved"] or future == "off_session"
        books.save(doc)
    elif doc["customer"] is None:
        doc["_used"] = True
        books.save(doc)
    if intent["object"] == "setup_intent":
        intent["status"], intent["last_setup_error"] = "succeeded", None
        books.save(intent, "setup_intent.succeeded")
    else:
        made = charge(books, intent, doc, declined=None)
        intent["latest_charge"], intent["last_payment_error"] = made["id"], None
        if made["captured"]:
            intent["status"], intent["amount_received"] = "succeeded", made["amount_captured"]
        else:
            intent["status"], intent["amount_capturable"] = "requires_capture", made["amount"]
        books.save(
            intent,
            "payment_intent.succeeded" if made["captured"] else "payment_intent.amount_capturable_updated",
        )
    for each in AFTERWARDS:
        each(books, intent)
    return books.get(intent["object"], intent["id"])


def authenticated(books: Books, intent: Doc, *, passed: bool) -> Doc:
    """The cardholder's bank has asked: go on, or fail the attempt. A decline raises a kept Refusal."""
    if intent["status"] != "requires_action":
        return intent
    doc = books.get("payment_method", intent["payment_method"])
    if passed:
        return confirm(books, intent, doc, return_url=None, proved=True)
    kind = "payment_intent" if intent["object"] == "payment_intent" else "setup_intent"
    error = {
        "code": f"{kind}_authentication_failure",
        "message": "We are unable to authenticate your payment method. Please choose a different payment "
        "method and try again.",
        "type": "invalid_request_error",
        "payment_method": {name: value for name, value in doc.items() if not name.startswith("_")},
    }
    intent["status"], intent["next_action"], intent["payment_method"] = "requires_payment_method", None, None
    intent["last_payment_error" if kind == "payment_intent" else "last_setup_error"] = error
    books.save(
        intent, "payment_intent.payment_failed" if kind == "payment_intent" else "setup_intent.setup_failed"
    )
    for each in AFTERWARDS:
        each(books, intent)
    return intent


def typed_card(books: Books, form: dict[str, str]) -> Doc:
    """The payment method of a card that somebody typed into a page."""
    card = cards.of_number(form.get("number", ""))
    month, _, year = form.get("expiry", "12/34").partition("/")
    if not (month.strip().isdigit() and year.strip().isdigit()):
        raise declined(
            "invalid_expiry_month", "Your card's expiration date is incomplete.", param="exp_month"
        )
    full_year = int(year) if int(year) > 99 else 2000 + int(year)
    return new_method(
        books, card, exp_month=int(month), exp_year=full_year, billing={"name": form.get("name") or None}
    )
