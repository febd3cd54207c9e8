"""Customers and their cards."""

from __future__ import annotations

import hashlib
from typing import Any

from . import cards
from .books import INCLUDED, Books, Doc, listed, merged, page
from .calls import Call, handles
from .errors import declined, invalid

_PLAIN = ("description", "email", "name", "phone", "address", "shipping")


@handles("customers.create")
def create_customer(books: Books, call: Call) -> Doc:
    """A customer, with a first card if given."""
    customer = {
        "id": books.new_id("cus", 14),
        "object": "customer",
        "balance": 0,
        "created": books.now,
        "currency": None,
        "default_source": None,
        "delinquent": False,
        "discount": None,
        "invoice_prefix": books.new_id("x", 8)[2:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": merged({}, call.params.get("metadata")),
        "next_invoice_sequence": 1,
        "preferred_locales": call.params.get("preferred_locales", []),
        "tax_exempt": "none",
        "test_clock": None,
        **{name: call.params.get(name) or None for name in _PLAIN},
    }
    books.save(customer, "customer.created")
    if "payment_method" in call.params:
        attach(books, method(books, call.params["payment_method"], "payment_method"), customer["id"])
    return _with_settings(books, customer, call.params)


@handles("customers.retrieve")
def retrieve_customer(books: Books, call: Call) -> Doc:
    """One customer, ``deleted`` when it is."""
    return books.get("customer", call.id)


@handles("customers.update")
def update_customer(books: Books, call: Call) -> Doc:
    """What was given changes."""
    customer = customer_of(books, call.id, "id")
    before = dict(customer)
    for name in _PLAIN:
        if name in call.params:
            customer[name] = call.params[name] or None
    customer["metadata"] = merged(customer["metadata"], call.params.get("metadata"))
    _with_settings(books, customer, call.params)
    changed = {name: before[name] for name in before if before[name] != customer.get(name)}
    return books.save(customer, "customer.updated", changed)


def _with_settings(books: Books, customer: Doc, params: Doc) -> Doc:
    settings = params.get("invoice_settings", {})
    if "default_payment_method" in settings:
        chosen = settings["default_payment_method"] or None
        if (
            chosen
            and method(books, chosen, "invoice_settings[default_payment_method]")["customer"]
            != customer["id"]
        ):
            raise invalid(
                f"The customer does not have a payment method with the ID {chosen}. The payment method "
                "must be attached to the customer.",
                param="invoice_settings[default_payment_method]",
                code="resource_missing",
            )
        customer["invoice_settings"]["default_payment_method"] = chosen
    return books.save(customer)


@handles("customers.delete")
def delete_customer(books: Books, call: Call) -> Doc:
    """Only its id stays."""
    customer = customer_of(books, call.id, "id")
    for each in books.all("payment_method", customer=customer["id"]):
        detach(books, each)
    gone = {"id": customer["id"], "object": "customer", "deleted": True}
    books.tell("customer.deleted", customer)
    return books.save(gone)


@handles("customers.list")
def list_customers(books: Books, call: Call) -> Doc:
    """Newest first."""
    docs = [each for each in books.all("customer") if not each.get("deleted")]
    if "email" in call.params:
        docs = [each for each in docs if each["email"] == call.params["email"]]
    return page("/v1/customers", docs, call.params)


def customer_of(books: Books, key: str, param: str = "customer") -> Doc:
    """A customer that is not deleted."""
    customer = books.get("customer", key, param)
    if customer.get("deleted"):
        raise invalid(f"No such customer: '{key}'", param=param, code="resource_missing")
    return customer


# ------------------------------------------------------------ cards


@handles("payment_methods.create")
def create_method(books: Books, call: Call) -> Doc:
    """A card by its number or by a token of test mode."""
    if call.params.get("type", "card") != "card" or "card" not in call.params:
        raise invalid("The simulator knows cards only.", param="type")
    given = call.params["card"]
    token = given.get("token", "")
    card = cards.of_token(token) if token else cards.of_number(given.get("number", ""))
    if card is None:
        raise invalid(f"No such token: '{token}'", param="card[token]", code="resource_missing")
    return new_method(
        books,
        card,
        exp_month=given.get("exp_month", 12),
        exp_year=given.get("exp_year", 2034),
        billing=call.params.get("billing_details", {}),
        metadata=call.params.get("metadata"),
    )


def new_method(
    books: Books,
    card: cards.Card,
    *,
    exp_month: int = 12,
    exp_year: int = 2034,
    billing: Doc | None = None,
    metadata: Any = None,
) -> Doc:
    """A payment method of nobody yet."""
    if not 1 <= exp_month <= 12:
        raise declined("invalid_expiry_month", "Your card's expiration month is invalid.", param="exp_month")
    doc: Doc = {
        "id": books.new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "unspecified",
        "billing_details": {
            "address": None,
            "email": None,
            "name": None,
            "phone": None,
            "tax_id": None,
            **(billing or {}),
        },
        "card": {
            "brand": card.brand,
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "display_brand": card.brand,
            "exp_month": exp_month,
            "exp_year": exp_year,
            "fingerprint": hashlib.sha256(f"{books.account}{card.number}".encode()).hexdigest()[:16],
            "funding": "credit",
            "generated_from": None,
            "last4": card.number[-4:],
            "networks": {"available": [card.brand], "preferred": None},
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": books.now,
        "customer": None,
        "livemode": False,
        "metadata": merged({}, metadata),
        "type": "card",
        "_number": card.number,
        "_saved": False,
    }
    return books.save(doc)


def method(books: Books, key: str, param: str = "payment_method") -> Doc:
    """A payment method by its id; ``pm_card_visa`` and its kin become one of their own at once."""
    card = cards.of_token(key)
    return new_method(books, card) if card else books.get("payment_method", key, param)


def card_of(doc: Doc) -> cards.Card:
    """How this card behaves."""
    return cards.BY_NUMBER[doc["_number"]]


def attach(books: Books, doc: Doc, customer: str) -> Doc:
    """Make it the customer's. Cards that decline everything decline this too."""
    customer_of(books, customer)
    if doc["customer"] not in (None, customer):
        raise invalid(
            "The payment method you provided has already been attached to a customer.",
            code="payment_method_unexpected_state",
        )
    if doc.get("_used") or doc.get("_detached"):
        raise invalid(
            "This PaymentMethod was previously used without being attached to a Customer or was detached "
            "from a Customer, and may not be used again.",
            code="payment_method_unexpected_state",
        )
    card = card_of(doc)
    if card.decline and not card.attach:
        raise cards.refusal(*card.decline)
    if doc["customer"] is None:
        doc["customer"] = customer
        books.save(doc, "payment_method.attached")
    return doc


def detach(books: Books, doc: Doc) -> Doc:
    """Nobody's again, and of no further use."""
    customer = books.find(doc["customer"]) if doc["customer"] else None
    settings = customer.get("invoice_settings", {}) if customer else {}
    if customer and settings.get("default_payment_method") == doc["id"]:
        settings["default_payment_method"] = None
        books.save(customer)
    before = {"customer": doc["customer"]}
    doc["customer"], doc["_detached"] = None, True
    return books.save(doc, "payment_method.detached", before)


@handles("payment_methods.retrieve")
def retrieve_method(books: Books, call: Call) -> Doc:
    """One payment method."""
    return books.get("payment_method", call.id)


@handles("payment_methods.update")
def update_method(books: Books, call: Call) -> Doc:
    """Its expiry, address and metadata."""
    doc = books.get("payment_method", call.id)
    doc["metadata"] = merged(doc["metadata"], call.params.get("metadata"))
    doc["billing_details"].update(call.params.get("billing_details", {}))
    for name in ("exp_month", "exp_year"):
        if name in call.params.get("card", {}):
            doc["card"][name] = call.params["card"][name]
    return books.save(doc, "payment_method.updated", {})


@handles("payment_methods.attach")
def attach_method(books: Books, call: Call) -> Doc:
    """To a customer."""
    return attach(books, method(books, call.id, "id"), call.params["customer"])


@handles("payment_methods.detach")
def detach_method(books: Books, call: Call) -> Doc:
    """From its customer."""
    doc = books.get("payment_method", call.id)
    if doc["customer"] is None:
        raise invalid(
            "The payment method you provided is not attached to a customer so detachment is impossible."
        )
    return detach(books, doc)


@handles("payment_methods.list")
def list_methods(books: Books, call: Call) -> Doc:
    """Of a customer."""
    return page("/v1/payment_methods", _methods(books, call.params.get("customer")), call.params)


@handles("customers.payment_methods.list")
def list_customer_methods(books: Books, call: Call) -> Doc:
    """Of a customer."""
    customer = customer_of(books, call.id)
    return page(f"/v1/customers/{call.id}/payment_methods", _methods(books, customer["id"]), call.params)


@handles("customers.payment_methods.retrieve")
def retrieve_customer_method(books: Books, call: Call) -> Doc:
    """One of the customer's."""
    doc = books.get("payment_method", call.ids[1])
    if doc["customer"] != call.id:
        raise invalid(f"No such payment_method: '{call.ids[1]}'", code="resource_missing")
    return doc


def _methods(books: Books, customer: str | None) -> list[Doc]:
    return [each for each in books.all("payment_method", customer=customer) if not each.get("_detached")]


INCLUDED["customer", "subscriptions"] = lambda books, doc: listed(
    f"/v1/customers/{doc['id']}/subscriptions",
    [each for each in books.all("subscription", customer=doc["id"]) if each["status"] != "canceled"],
)
