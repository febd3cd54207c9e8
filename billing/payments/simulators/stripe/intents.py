"""PaymentIntents and SetupIntents."""

from __future__ import annotations

from typing import Any

from . import charges
from .books import Books, Doc, merged, page
from .calls import Call, handles
from .customers import customer_of
from .errors import Refusal, invalid
from .paying import chosen, confirm

CURRENCIES = frozenset("usd eur gbp chf jpy pln czk sek nok dkk cad aud nzd ron huf bgn aed sgd hkd".split())
SMALLEST = 50
LARGEST = 99_999_999


def new_payment_intent(books: Books, params: Doc, **own: Any) -> Doc:
    """An intent that waits for a payment method. ``own``: fields of the simulator."""
    currency = params["currency"].lower()
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}.", param="currency")
    if params["amount"] < (SMALLEST if currency != "jpy" else 50):
        raise invalid("Amount must be at least $0.50 usd", param="amount", code="amount_too_small")
    if params["amount"] > LARGEST:
        raise invalid("Amount must be no more than $999,999.99", param="amount", code="amount_too_large")
    if params.get("customer"):
        customer_of(books, params["customer"])
    key = books.new_id("pi")
    automatic = params.get("automatic_payment_methods", {"enabled": True})
    intent: Doc = {
        "id": key,
        "object": "payment_intent",
        "amount": params["amount"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": params.get("application_fee_amount"),
        "automatic_payment_methods": {"allow_redirects": "always", **automatic},
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": params.get("capture_method", "automatic"),
        "client_secret": books.new_id(f"{key}_secret"),
        "confirmation_method": params.get("confirmation_method", "automatic"),
        "created": books.now,
        "currency": currency,
        "customer": params.get("customer"),
        "description": params.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": merged({}, params.get("metadata")),
        "next_action": None,
        "on_behalf_of": params.get("on_behalf_of"),
        "payment_method": params.get("payment_method"),
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": params.get("receipt_email"),
        "review": None,
        "setup_future_usage": params.get("setup_future_usage"),
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_confirmation" if params.get("payment_method") else "requires_payment_method",
        "transfer_data": None,
        "transfer_group": params.get("transfer_group"),
        **own,
    }
    return books.save(intent, "payment_intent.created")


@handles("payment_intents.create")
def create_payment_intent(books: Books, call: Call) -> Doc:
    """With ``confirm``, at once."""
    if "off_session" in call.params and not call.params.get("confirm"):
        raise invalid("You can only use `off_session` together with `confirm=true`.", param="off_session")
    intent = new_payment_intent(books, call.params)
    if not call.params.get("confirm"):
        return intent
    return _confirm(books, intent, call.params)


def _confirm(books: Books, intent: Doc, params: Doc) -> Doc:
    doc = chosen(books, intent, params)
    off_session = params.get("off_session", False) not in (False, "")
    redirects = intent["automatic_payment_methods"]["allow_redirects"] == "always"
    if redirects and not off_session and "return_url" not in params and not params.get("use_stripe_sdk"):
        raise invalid(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because "
            "some of these payment methods might redirect your customer off of your page, you must provide a "
            "`return_url`.",
            param="return_url",
        )
    if "setup_future_usage" in params:
        intent["setup_future_usage"] = params["setup_future_usage"] or None
    return confirm(books, intent, doc, off_session=off_session, return_url=params.get("return_url"))


@handles("payment_intents.confirm")
def confirm_payment_intent(books: Books, call: Call) -> Doc:
    """By us, or by the browser that knows the client secret."""
    intent = _of_caller(books, "payment_intent", call)
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise _unexpected(intent, "confirm")
    return _confirm(books, intent, call.params)


@handles("payment_intents.retrieve")
def retrieve_payment_intent(books: Books, call: Call) -> Doc:
    """One intent."""
    return _of_caller(books, "payment_intent", call)


@handles("payment_intents.update")
def update_payment_intent(books: Books, call: Call) -> Doc:
    """Before it is paid."""
    intent = books.get("payment_intent", call.id)
    if "amount" in call.params and intent["status"] in ("succeeded", "canceled", "requires_capture"):
        raise _unexpected(intent, "update")
    for name in (
        "amount",
        "customer",
        "description",
        "payment_method",
        "setup_future_usage",
        "transfer_group",
    ):
        if name in call.params:
            intent[name] = call.params[name] or None
    intent["metadata"] = merged(intent["metadata"], call.params.get("metadata"))
    return books.save(intent)


@handles("payment_intents.cancel")
def cancel_payment_intent(books: Books, call: Call) -> Doc:
    """What was not taken will not be."""
    intent = books.get("payment_intent", call.id)
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise _unexpected(intent, "cancel")
    intent.update(
        status="canceled",
        canceled_at=books.now,
        cancellation_reason=call.params.get("cancellation_reason"),
        amount_capturable=0,
        next_action=None,
    )
    return books.save(intent, "payment_intent.canceled")


@handles("payment_intents.capture")
def capture_payment_intent(books: Books, call: Call) -> Doc:
    """Take what was authorised, or less."""
    intent = books.get("payment_intent", call.id)
    if intent["status"] != "requires_capture":
        raise _unexpected(intent, "capture")
    given: int | None = call.params.get("amount_to_capture")
    amount: int = intent["amount_capturable"] if given is None else given
    if not 0 < amount <= intent["amount_capturable"]:
        raise invalid("The amount to capture is greater than what was authorised.", param="amount_to_capture")
    made = books.get("charge", intent["latest_charge"])
    made.update(captured=True, amount_captured=amount)
    charges.collect(books, made)
    books.save(made, "charge.captured")
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    return books.save(intent, "payment_intent.succeeded")


@handles("payment_intents.list")
def list_payment_intents(books: Books, call: Call) -> Doc:
    """Newest first."""
    wanted = {"customer": call.params["customer"]} if "customer" in call.params else {}
    return page("/v1/payment_intents", books.all("payment_intent", **wanted), call.params)


# ------------------------------------------------------------ setup intents


def new_setup_intent(books: Books, params: Doc, **own: Any) -> Doc:
    """An intent to keep a card for later."""
    if params.get("customer"):
        customer_of(books, params["customer"])
    key = books.new_id("seti")
    automatic = params.get("automatic_payment_methods", {"enabled": True})
    intent: Doc = {
        "id": key,
        "object": "setup_intent",
        "application": None,
        "automatic_payment_methods": {"allow_redirects": "always", **automatic},
        "cancellation_reason": None,
        "client_secret": books.new_id(f"{key}_secret"),
        "created": books.now,
        "customer": params.get("customer"),
        "description": params.get("description"),
        "flow_directions": None,
        "last_setup_error": None,
        "latest_attempt": None,
        "livemode": False,
        "mandate": None,
        "metadata": merged({}, params.get("metadata")),
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": params.get("payment_method"),
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "single_use_mandate": None,
        "status": "requires_confirmation" if params.get("payment_method") else "requires_payment_method",
        "usage": params.get("usage", "off_session"),
        **own,
    }
    return books.save(intent, "setup_intent.created")


@handles("setup_intents.create")
def create_setup_intent(books: Books, call: Call) -> Doc:
    """With ``confirm``, at once."""
    intent = new_setup_intent(books, call.params)
    if not call.params.get("confirm"):
        return intent
    return _confirm(books, intent, call.params)


@handles("setup_intents.confirm")
def confirm_setup_intent(books: Books, call: Call) -> Doc:
    """By us, or by the browser that knows the client secret."""
    intent = _of_caller(books, "setup_intent", call)
    if intent["status"] not in ("requires_payment_method", "requires_confirmation", "requires_action"):
        raise _unexpected(intent, "confirm")
    return _confirm(books, intent, call.params)


@handles("setup_intents.retrieve")
def retrieve_setup_intent(books: Books, call: Call) -> Doc:
    """One intent."""
    return _of_caller(books, "setup_intent", call)


@handles("setup_intents.cancel")
def cancel_setup_intent(books: Books, call: Call) -> Doc:
    """No card will be kept."""
    intent = books.get("setup_intent", call.id)
    if intent["status"] in ("succeeded", "canceled", "processing"):
        raise _unexpected(intent, "cancel")
    intent.update(
        status="canceled", cancellation_reason=call.params.get("cancellation_reason"), next_action=None
    )
    return books.save(intent, "setup_intent.canceled")


def _of_caller(books: Books, kind: str, call: Call) -> Doc:
    intent = books.get(kind, call.id)
    secret = call.client_secret or call.params.get("client_secret", "")
    if call.publishable and secret != intent["client_secret"]:
        raise Refusal(
            400,
            "invalid_request_error",
            "The client_secret provided does not match this object.",
            param="client_secret",
        )
    return intent


def _unexpected(intent: Doc, verb: str) -> Refusal:
    name = "PaymentIntent" if intent["object"] == "payment_intent" else "SetupIntent"
    return invalid(
        f"You cannot {verb} this {name} because it has a status of {intent['status']}.",
        code=f"{intent['object']}_unexpected_state",
        about=intent,
    )
