"""What is in an account's balance, and payouts of it to a bank."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import clock
from .books import Books, Doc, merged, page
from .calls import Call, handles
from .charges import DAY, balance, entry
from .errors import invalid

#: How long the bank takes.
ARRIVES_AFTER = 2 * DAY


@handles("payouts.create")
def create_payout(books: Books, call: Call) -> Doc:
    """From the available balance to the account's bank."""
    asked = call.params
    amount, currency = asked["amount"], asked["currency"].lower()
    if amount <= 0:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if balance(books, currency)[0] < amount:
        raise invalid(
            "You have insufficient funds in your Stripe account for this transfer.",
            code="balance_insufficient",
        )
    arrives = books.now + (0 if asked.get("method") == "instant" else ARRIVES_AFTER)
    payout: Doc = {
        "id": books.new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": arrives,
        "automatic": False,
        "balance_transaction": None,
        "created": books.now,
        "currency": currency,
        "description": asked.get("description"),
        "destination": asked.get("destination"),
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": merged({}, asked.get("metadata")),
        "method": asked.get("method", "standard"),
        "original_payout": None,
        "reconciliation_status": "not_applicable",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": asked.get("statement_descriptor"),
        "status": "pending",
        "trace_id": None,
        "type": "bank_account",
        "_fails": _fails(asked.get("metadata")),
    }
    payout["balance_transaction"] = entry(books, "payout", -amount, currency, payout["id"])["id"]
    return books.save(payout, "payout.created")


def _fails(metadata: Any) -> bool:
    """Stripe's test banks fail by their numbers; here one says so: ``simulate=fail``."""
    return isinstance(metadata, dict) and metadata.get("simulate") == "fail"


@handles("payouts.retrieve")
def retrieve_payout(books: Books, call: Call) -> Doc:
    """One payout."""
    return books.get("payout", call.id)


@handles("payouts.list")
def list_payouts(books: Books, call: Call) -> Doc:
    """Newest first."""
    wanted = {"status": call.params["status"]} if "status" in call.params else {}
    return page("/v1/payouts", books.all("payout", **wanted), call.params)


@handles("payouts.cancel")
def cancel_payout(books: Books, call: Call) -> Doc:
    """While it is pending."""
    payout = books.get("payout", call.id)
    if payout["status"] != "pending":
        raise invalid("Payouts that are not pending cannot be canceled.")
    return end_payout(books, payout, "canceled")


def end_payout(books: Books, payout: Doc, status: str) -> Doc:
    """``paid``; ``failed`` and ``canceled`` bring the money back."""
    payout["status"] = status
    if status != "paid":
        kind = "payout_failure" if status == "failed" else "payout_cancel"
        back = entry(
            books, kind, payout["amount"], payout["currency"], payout["id"], category="payout_reversal"
        )
        payout["failure_balance_transaction"] = back["id"]
    if status == "failed":
        payout.update(failure_code="account_closed", failure_message="The bank account has been closed")
    return books.save(payout, f"payout.{status}")


def _next_payout(books: Books) -> tuple[int, Callable[[], None]] | None:
    waiting = books.all("payout", status="pending")
    if not waiting:
        return None
    payout = min(waiting, key=lambda each: int(each["arrival_date"]))

    def act() -> None:
        end_payout(books, payout, "failed" if payout["_fails"] else "paid")

    return payout["arrival_date"], act


clock.DUE.append(_next_payout)


@handles("balance.retrieve")
def retrieve_balance(books: Books, call: Call) -> Doc:
    """By currency."""
    currencies = sorted({line["currency"] for line in books.all("balance_transaction")}) or ["usd"]
    found = {currency: balance(books, currency) for currency in currencies}
    return {
        "object": "balance",
        "available": [_part(found[name][0], name) for name in currencies],
        "livemode": False,
        "pending": [_part(found[name][1], name) for name in currencies],
    }


def _part(amount: int, currency: str) -> Doc:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}


@handles("balance_transactions.retrieve")
def retrieve_line(books: Books, call: Call) -> Doc:
    """One line."""
    return _as_of(books, books.get("balance_transaction", call.id))


@handles("balance_transactions.list")
def list_lines(books: Books, call: Call) -> Doc:
    """Newest first: what reconciliation reads."""
    names = ("currency", "type", "source")
    wanted = {name: call.params[name] for name in names if name in call.params}
    docs = [_as_of(books, each) for each in books.all("balance_transaction", **wanted)]
    return page("/v1/balance_transactions", docs, call.params)


def _as_of(books: Books, line: Doc) -> Doc:
    return {**line, "status": "available" if line["available_on"] <= books.now else "pending"}
