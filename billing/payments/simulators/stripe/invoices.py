"""Invoices: finalised, paid, tried again, voided."""

from __future__ import annotations

from collections.abc import Callable

from . import clock
from .books import INCLUDED, Books, Doc, listed
from .customers import method as payment_method
from .errors import Refusal, invalid
from .intents import SMALLEST, new_payment_intent
from .paying import AFTERWARDS, confirm
from .periods import DAY

#: A renewal's invoice stays a draft for an hour.
DRAFT_FOR = 3600
#: Days after a failed attempt at which the next ones follow; then the subscription is cancelled.
RETRIES = (3, 4, 7)

#: Called with an invoice that was paid, or could not be.
PAID: list[Callable[[Books, Doc], None]] = []
FAILED: list[Callable[[Books, Doc], None]] = []


def line(
    books: Books,
    subscription: Doc,
    item: Doc,
    amount: int,
    period: tuple[int, int],
    text: str,
    *,
    proration: bool,
) -> Doc:
    """One line of a subscription's invoice."""
    price = item["price"]
    return {
        "id": books.new_id("il"),
        "object": "line_item",
        "amount": amount,
        "currency": subscription["currency"],
        "description": text,
        "discount_amounts": [],
        "discountable": not proration,
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": {},
        "parent": {
            "type": "subscription_item_details",
            "invoice_item_details": None,
            "subscription_item_details": {
                "invoice_item": None,
                "proration": proration,
                "proration_details": None,
                "subscription": subscription["id"],
                "subscription_item": item["id"],
            },
        },
        "period": {"start": period[0], "end": period[1]},
        "pretax_credit_amounts": [],
        "pricing": {
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "subtotal": amount,
        "taxes": [],
    }


def draft(books: Books, subscription: Doc, lines: list[Doc], reason: str, period: tuple[int, int]) -> Doc:
    """An invoice that can still change."""
    key = books.new_id("in")
    total = sum(each["amount"] for each in lines)
    customer = books.get("customer", subscription["customer"])
    for each in lines:
        each["invoice"] = key
    invoice: Doc = {
        "id": key,
        "object": "invoice",
        "account_country": "US",
        "account_name": "Simulated",
        "account_tax_ids": None,
        "amount_due": max(total, 0),
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": max(total, 0),
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "automatically_finalizes_at": None,
        "billing_reason": reason,
        "collection_method": subscription["collection_method"],
        "created": books.now,
        "currency": subscription["currency"],
        "custom_fields": None,
        "customer": customer["id"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "default_payment_method": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "ending_balance": None,
        "footer": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "lines": listed(f"/v1/invoices/{key}/lines", lines),
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {
                "subscription": subscription["id"],
                "metadata": subscription["metadata"],
            },
        },
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": period[1],
        "period_start": period[0],
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "starting_balance": customer["balance"],
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": total,
        "test_clock": None,
        "total": total,
        "total_discount_amounts": [],
        "total_taxes": [],
        "_subscription": subscription["id"],
        "_intent": None,
        "_retries": list(RETRIES),
    }
    _owe(invoice)
    return books.save(invoice, "invoice.created")


def _owe(invoice: Doc) -> None:
    """What is due after the customer's balance; below zero is credit and stays in it."""
    owed = invoice["total"] + invoice["starting_balance"]
    carried = owed if owed < SMALLEST else 0  # credit, and amounts too small to charge, wait for the next one
    invoice["amount_due"] = invoice["amount_remaining"] = owed - carried
    invoice["_ending"] = carried


def finalize(books: Books, invoice: Doc) -> Doc:
    """Number it, and ask for the money. What owes nothing is paid at once."""
    customer = books.get("customer", invoice["customer"])
    invoice["starting_balance"] = customer["balance"]
    _owe(invoice)
    invoice["ending_balance"] = customer["balance"] = invoice["_ending"]
    invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04}"
    customer["next_invoice_sequence"] += 1
    books.save(customer)
    url = f"{books.base}/invoice/{books.account}/{invoice['id']}"
    invoice.update(status="open", hosted_invoice_url=url, invoice_pdf=f"{url}.pdf", effective_at=books.now)
    invoice["automatically_finalizes_at"] = None
    invoice["status_transitions"]["finalized_at"] = books.now
    if invoice["amount_due"] == 0:
        return settle(books, books.save(invoice, "invoice.finalized"))
    given = {
        "amount": invoice["amount_due"],
        "currency": invoice["currency"],
        "customer": invoice["customer"],
        "setup_future_usage": "off_session",
        "description": "Subscription",
        "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
    }
    intent = new_payment_intent(books, given, _invoice=invoice["id"])
    invoice["_intent"] = intent["id"]
    books.save(
        {
            "id": books.new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": invoice["amount_due"],
            "created": books.now,
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"type": "payment_intent", "payment_intent": intent["id"]},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )
    return books.save(invoice, "invoice.finalized")


def settle(books: Books, invoice: Doc) -> Doc:
    """It is paid."""
    invoice.update(status="paid", amount_paid=invoice["amount_due"], amount_remaining=0, attempted=True)
    invoice.update(auto_advance=False, next_payment_attempt=None)
    invoice["status_transitions"]["paid_at"] = books.now
    for each in books.all("invoice_payment", invoice=invoice["id"]):
        each.update(status="paid", amount_paid=each["amount_requested"])
        each["status_transitions"]["paid_at"] = books.now
        books.save(each)
    books.save(invoice, "invoice.paid")
    books.tell("invoice.payment_succeeded", invoice)
    for follow in PAID:
        follow(books, invoice)
    return books.get("invoice", invoice["id"])


def default_method(books: Books, invoice: Doc) -> Doc | None:
    """The card that an invoice is charged to when nobody says which."""
    subscription = books.get("subscription", invoice["_subscription"])
    customer = books.get("customer", invoice["customer"])
    key = subscription["default_payment_method"] or customer["invoice_settings"]["default_payment_method"]
    return payment_method(books, key) if key else None


def pay(books: Books, invoice: Doc, method: Doc | None, *, off_session: bool = True) -> Doc:
    """Charge a card for it. A decline raises a kept Refusal; who is waited for leaves it open."""
    if invoice["status"] != "open":
        raise invalid(f"Invoice is not open: its status is {invoice['status']}.")
    intent = books.get("payment_intent", invoice["_intent"])
    if method is None:
        _failed(books, invoice)
        raise Refusal(
            400,
            "invalid_request_error",
            "There is no `default_payment_method` set on this Customer, Subscription or Invoice.",
            keep=True,
        )
    confirm(books, intent, method, off_session=off_session, return_url=None)
    return books.get("invoice", invoice["id"])


def attempt(books: Books, invoice: Doc, method: Doc | None) -> Doc:
    """Charge without anybody there; what happens is on the invoice."""
    try:
        return pay(books, invoice, method)
    except Refusal as refusal:
        if not refusal.keep:
            raise
    return books.get("invoice", invoice["id"])


def _failed(books: Books, invoice: Doc) -> None:
    invoice["attempted"], invoice["attempt_count"] = True, invoice["attempt_count"] + 1
    cycle = invoice["billing_reason"] in ("subscription_cycle", "subscription_update")
    wait = invoice["_retries"].pop(0) if cycle and invoice["_retries"] else None
    invoice["next_payment_attempt"] = books.now + wait * DAY if wait else None
    books.save(invoice, "invoice.payment_failed")
    for follow in FAILED:
        follow(books, invoice)


def _afterwards(books: Books, intent: Doc) -> None:
    if "_invoice" not in intent:
        return
    invoice = books.get("invoice", intent["_invoice"])
    if invoice["status"] != "open":
        return
    if intent["status"] == "succeeded":
        settle(books, invoice)
    elif intent["status"] == "requires_payment_method":
        _failed(books, invoice)
    elif intent["status"] == "requires_action":
        books.tell("invoice.payment_action_required", invoice)


AFTERWARDS.append(_afterwards)


def void(books: Books, invoice: Doc, status: str = "void") -> Doc:
    """Nobody has to pay it any more."""
    if invoice["status"] not in ("draft", "open", "uncollectible"):
        raise invalid(f"An invoice that is {invoice['status']} cannot become {status}.")
    invoice.update(
        status=status, next_payment_attempt=None, automatically_finalizes_at=None, auto_advance=False
    )
    key = "voided_at" if status == "void" else "marked_uncollectible_at"
    invoice["status_transitions"][key] = books.now
    if invoice["_intent"] and status == "void":
        intent = books.get("payment_intent", invoice["_intent"])
        intent.update(status="canceled", canceled_at=books.now, next_action=None)
        books.save(intent, "payment_intent.canceled")
    return books.save(invoice, "invoice.voided" if status == "void" else "invoice.marked_uncollectible")


def _secret(books: Books, invoice: Doc) -> Doc | None:
    if not invoice["_intent"]:
        return None
    intent = books.get("payment_intent", invoice["_intent"])
    return {"client_secret": intent["client_secret"], "type": "payment_intent"}


INCLUDED["invoice", "confirmation_secret"] = _secret
INCLUDED["invoice", "payments"] = lambda books, doc: listed(
    "/v1/invoice_payments", books.all("invoice_payment", invoice=doc["id"])
)


def _next_draft(books: Books) -> tuple[int, Callable[[], None]] | None:
    waiting = [each for each in books.all("invoice", status="draft") if each["automatically_finalizes_at"]]
    if not waiting:
        return None
    invoice = min(waiting, key=lambda each: int(each["automatically_finalizes_at"]))

    def act() -> None:
        done = finalize(books, invoice)
        if done["status"] == "open" and done["collection_method"] == "charge_automatically":
            attempt(books, done, default_method(books, done))

    return invoice["automatically_finalizes_at"], act


def _next_attempt(books: Books) -> tuple[int, Callable[[], None]] | None:
    waiting = [each for each in books.all("invoice", status="open") if each["next_payment_attempt"]]
    if not waiting:
        return None
    invoice = min(waiting, key=lambda each: int(each["next_payment_attempt"]))

    def act() -> None:
        attempt(books, invoice, default_method(books, invoice))

    return invoice["next_payment_attempt"], act


clock.DUE.extend((_next_draft, _next_attempt))
