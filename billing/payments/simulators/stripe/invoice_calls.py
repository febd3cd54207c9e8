"""What the API does to invoices."""

from __future__ import annotations

from typing import Any

from .books import Books, Doc, merged, page
from .calls import Call, handles
from .customers import method as payment_method
from .errors import invalid
from .invoices import default_method, finalize, pay, settle, void


@handles("invoices.retrieve")
def retrieve_invoice(books: Books, call: Call) -> Doc:
    """One invoice."""
    return books.get("invoice", call.id)


@handles("invoices.list")
def list_invoices(books: Books, call: Call) -> Doc:
    """Newest first."""
    wanted: dict[str, Any] = {
        name: call.params[name] for name in ("customer", "status") if name in call.params
    }
    if "subscription" in call.params:
        wanted["_subscription"] = call.params["subscription"]
    return page("/v1/invoices", books.all("invoice", **wanted), call.params)


@handles("invoices.update")
def update_invoice(books: Books, call: Call) -> Doc:
    """Its metadata."""
    invoice = books.get("invoice", call.id)
    invoice["metadata"] = merged(invoice["metadata"] or {}, call.params.get("metadata"))
    return books.save(invoice, "invoice.updated", {})


@handles("invoices.finalize_invoice")
def finalize_invoice(books: Books, call: Call) -> Doc:
    """Now instead of in an hour."""
    invoice = books.get("invoice", call.id)
    if invoice["status"] != "draft":
        raise invalid("This invoice is already finalized.", code="invoice_not_editable")
    call.params.get("auto_advance")
    return finalize(books, invoice)


@handles("invoices.pay")
def pay_invoice(books: Books, call: Call) -> Doc:
    """With a card, or by money that came another way."""
    invoice = books.get("invoice", call.id)
    if call.params.get("paid_out_of_band"):
        return settle(books, invoice)
    if invoice["status"] == "draft":
        invoice = finalize(books, invoice)
    given = call.params.get("payment_method")
    method = payment_method(books, given) if given else default_method(books, invoice)
    return pay(books, invoice, method, off_session=call.params.get("off_session", True) not in (False, ""))


@handles("invoices.void_invoice")
def void_invoice(books: Books, call: Call) -> Doc:
    """As if it had not been."""
    return void(books, books.get("invoice", call.id))


@handles("invoices.mark_uncollectible")
def mark_uncollectible(books: Books, call: Call) -> Doc:
    """It will not be paid."""
    return void(books, books.get("invoice", call.id), "uncollectible")


@handles("invoice_payments.list")
def list_payments(books: Books, call: Call) -> Doc:
    """Which payments belong to which invoices."""
    docs = books.all(
        "invoice_payment", **({"invoice": call.params["invoice"]} if "invoice" in call.params else {})
    )
    if "payment" in call.params:
        wanted = call.params["payment"].get("payment_intent")
        docs = [each for each in docs if each["payment"]["payment_intent"] == wanted]
    return page("/v1/invoice_payments", docs, call.params)
