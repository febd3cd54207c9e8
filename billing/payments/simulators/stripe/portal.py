"""The billing portal: a customer's own page for cards and subscriptions."""

from __future__ import annotations

from billing.payments.simulators.http import Response
from billing.payments.simulators.pages import button, link, page, paragraph

from .books import Books, Doc
from .calls import Call, handles
from .customers import attach, customer_of, detach
from .errors import Refusal, missing
from .invoices import pay
from .lifecycle import touch
from .pages import amount, at, card_form
from .paying import typed_card

LIFETIME = 3600


@handles("billing_portal.sessions.create")
def create_portal_session(books: Books, call: Call) -> Doc:
    """The page is at ``url`` for an hour."""
    customer = customer_of(books, call.params["customer"])
    key = books.new_id("bps")
    flow = call.params.get("flow_data")
    session: Doc = {
        "id": key,
        "object": "billing_portal.session",
        "configuration": call.params.get("configuration", "bpc_simulated"),
        "created": books.now,
        "customer": customer["id"],
        "flow": {
            "after_completion": {"type": "portal_homepage", "hosted_confirmation": None, "redirect": None},
            "subscription_cancel": None,
            "subscription_update": None,
            "subscription_update_confirm": None,
            **flow,
        }
        if flow
        else None,
        "livemode": False,
        "locale": call.params.get("locale"),
        "on_behalf_of": None,
        "return_url": call.params.get("return_url"),
        "url": f"{books.base}/p/session/{books.account}/{key}",
    }
    return books.save(session)


@at("/p/session")
def portal_page(books: Books, key: str, form: dict[str, str] | None) -> Response:
    """Cards and subscriptions."""
    session = books.get("billing_portal.session", key)
    if session["created"] + LIFETIME < books.now:
        raise missing("billing_portal.session", key)
    customer, problem = books.get("customer", session["customer"]), ""
    if form is not None:
        try:
            with books.undoing():
                _act(books, customer, form)
        except Refusal as refusal:
            problem = str(refusal)
        customer = books.get("customer", session["customer"])
    here = session["url"]
    parts = []
    for each in books.all("subscription", customer=customer["id"]):
        if each["status"] in ("canceled", "incomplete_expired"):
            continue
        item = each["items"]["data"][0]
        product = books.get("product", item["price"]["product"])["name"]
        cost = amount(item["price"]["unit_amount"] * item["quantity"], each["currency"])
        parts.append(paragraph(f"{product}: {cost}, {each['status']}"))
        ends = each["cancel_at_period_end"]
        label = "Keep the subscription" if ends else "Cancel at the end of the period"
        parts.append(button(label, here, act="keep" if ends else "cancel", subscription=each["id"]))
    for each in books.all("payment_method", customer=customer["id"]):
        chosen = customer["invoice_settings"]["default_payment_method"] == each["id"]
        parts.append(
            paragraph(f"{each['card']['brand']} ending in {each['card']['last4']}{', default' * chosen}")
        )
        parts.append(button("Remove this card", here, act="remove", method=each["id"]))
    parts.append(card_form(here, "Save and use this card", problem=problem))
    if session["return_url"]:
        parts.append(link("Back", session["return_url"]))
    return page("Stripe customer portal", [("Customer", customer["email"] or customer["id"])], *parts)


def _act(books: Books, customer: Doc, form: dict[str, str]) -> None:
    match form.get("act"):
        case "remove":
            card = books.get("payment_method", form.get("method", ""))
            if card["customer"] == customer["id"]:
                detach(books, card)
        case "cancel" | "keep" as act:
            subscription = books.get("subscription", form.get("subscription", ""))
            if subscription["customer"] != customer["id"]:
                raise missing("subscription", subscription["id"])
            before = dict(subscription)
            ends = act == "cancel"
            until = subscription["items"]["data"][0]["current_period_end"]
            subscription.update(cancel_at_period_end=ends, cancel_at=until if ends else None)
            subscription["canceled_at"] = books.now if ends else None
            touch(books, subscription, before)
        case _:
            _use_card(books, customer, form)


def _use_card(books: Books, customer: Doc, form: dict[str, str]) -> None:
    card = attach(books, typed_card(books, form), customer["id"])
    books.save({**card, "_saved": True})
    customer["invoice_settings"]["default_payment_method"] = card["id"]
    books.save(customer, "customer.updated", {})
    for each in books.all("subscription", customer=customer["id"]):
        if each["default_payment_method"] and each["status"] not in ("canceled", "incomplete_expired"):
            each["default_payment_method"] = card["id"]
            books.save(each)


@at("/invoice")
def invoice_page(books: Books, key: str, form: dict[str, str] | None) -> Response:
    """An invoice, and a way to pay it."""
    invoice, problem = books.get("invoice", key), ""
    if form is not None and invoice["status"] == "open":
        try:
            card = attach(books, typed_card(books, form), invoice["customer"])
            invoice = pay(books, invoice, card, off_session=False)
        except Refusal as refusal:
            problem = str(refusal)
    facts = [("Number", invoice["number"] or "–"), ("Status", invoice["status"])]
    facts += [
        (each["description"], amount(each["amount"], each["currency"])) for each in invoice["lines"]["data"]
    ]
    facts.append(("Due", amount(invoice["amount_remaining"], invoice["currency"])))
    here = f"{books.base}/invoice/{books.account}/{key}"
    return page(
        "Invoice", facts, *([card_form(here, "Pay", problem=problem)] if invoice["status"] == "open" else [])
    )
