"""Money that moved: charges, what they leave in the balance, refunds and disputes."""

from __future__ import annotations

from collections.abc import Callable

from . import cards, clock
from .books import INCLUDED, Books, Doc, listed, merged, page
from .calls import Call, handles
from .customers import card_of
from .errors import Refusal, invalid

DAY = 86_400
#: Money of a charge can be used after this time.
SETTLES_AFTER = 2 * DAY
#: What Stripe keeps of a charge: 2.9 % + 30.
FEE_THOUSANDTHS, FEE_FIXED = 29, 30
#: When a refund that fails later fails, and one that is pending succeeds.
REFUND_SETTLES_AFTER = DAY


def entry(
    books: Books,
    kind: str,
    amount: int,
    currency: str,
    source: str,
    *,
    fee: int = 0,
    available_on: int | None = None,
    category: str = "",
) -> Doc:
    """One line of the account's balance."""
    available = books.now if available_on is None else available_on
    return books.save(
        {
            "id": books.new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": available,
            "balance_type": "payments",
            "created": books.now,
            "currency": currency,
            "description": None,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [
                {
                    "amount": fee,
                    "application": None,
                    "currency": currency,
                    "description": "Stripe processing fees",
                    "type": "stripe_fee",
                }
            ]
            if fee
            else [],
            "net": amount - fee,
            "reporting_category": category or kind,
            "source": source,
            "status": "available" if available <= books.now else "pending",
            "type": kind,
        }
    )


def balance(books: Books, currency: str) -> tuple[int, int]:
    """What is available and what is on its way, in minor units."""
    lines = books.all("balance_transaction", currency=currency)
    ready = sum(line["net"] for line in lines if line["available_on"] <= books.now)
    return ready, sum(line["net"] for line in lines) - ready


def charge(books: Books, intent: Doc, doc: Doc, *, declined: tuple[str, str] | None) -> Doc:
    """One attempt to take the intent's money from a card."""
    card = card_of(doc)
    manual = intent["capture_method"] == "manual"
    made: Doc = {
        "id": books.new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0 if declined or manual else intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": doc["billing_details"],
        "calculated_statement_descriptor": "SIMULATED",
        "captured": not declined and not manual,
        "created": books.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": declined[0] if declined else None,
        "failure_message": cards.refusal(*declined).error["message"] if declined else None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": intent["on_behalf_of"],
        "outcome": {
            "network_status": "declined_by_network" if declined else "approved_by_network",
            "reason": (declined[1] or declined[0]) if declined else None,
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": "The bank declined." if declined else "Payment complete.",
            "type": "issuer_declined" if declined else "authorized",
        },
        "paid": not declined,
        "payment_intent": intent["id"],
        "payment_method": doc["id"],
        "payment_method_details": {
            "type": "card",
            "card": {
                name: doc["card"][name]
                for name in (
                    "brand",
                    "checks",
                    "country",
                    "exp_month",
                    "exp_year",
                    "fingerprint",
                    "funding",
                    "last4",
                )
            },
        },
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "failed" if declined else "succeeded",
        "transfer_data": None,
        "transfer_group": intent["transfer_group"],
        "_refund": card.refund,
    }
    if made["captured"]:
        collect(books, made, at_once=card.at_once)
    books.save(made, "charge.failed" if declined else "charge.succeeded")
    if made["captured"] and card.disputed:
        dispute(books, made, "fraudulent")
    return made


def collect(books: Books, made: Doc, *, at_once: bool = False) -> None:
    """Enter a captured charge into the balance."""
    amount = made["amount_captured"]
    fee = (amount * FEE_THOUSANDTHS + 999) // 1000 + FEE_FIXED
    made["balance_transaction"] = entry(
        books,
        "charge",
        amount,
        made["currency"],
        made["id"],
        fee=min(fee, amount),
        available_on=books.now if at_once else books.now + SETTLES_AFTER,
    )["id"]


@handles("charges.retrieve")
def retrieve_charge(books: Books, call: Call) -> Doc:
    """One charge."""
    return books.get("charge", call.id)


@handles("charges.list")
def list_charges(books: Books, call: Call) -> Doc:
    """Newest first."""
    wanted = {
        name: call.params[name]
        for name in ("customer", "payment_intent", "transfer_group")
        if name in call.params
    }
    return page("/v1/charges", books.all("charge", **wanted), call.params)


# ------------------------------------------------------------ refunds


@handles("refunds.create")
def create_refund(books: Books, call: Call) -> Doc:
    """Of a charge, whole or in part."""
    made = _charge_of(books, call.params)
    left = made["amount_captured"] - made["amount_refunded"]
    amount = call.params.get("amount", left)
    if made["disputed"]:
        raise invalid("This charge has been charged back.", code="charge_disputed", charge=made["id"])
    if not left:
        raise invalid(f"Charge {made['id']} has already been refunded.", code="charge_already_refunded")
    if amount <= 0:
        raise invalid("Invalid positive integer", param="amount", code="parameter_invalid_integer")
    if amount > left:
        raise invalid(
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
        )
    pending = made["_refund"] == "pending"
    refund: Doc = {
        "id": books.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": made["id"],
        "created": books.now,
        "currency": made["currency"],
        "description": None,
        "destination_details": {"type": "card", "card": {"type": "refund", "reference_status": "pending"}},
        "metadata": merged({}, call.params.get("metadata")),
        "payment_intent": made["payment_intent"],
        "reason": call.params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "pending" if pending else "succeeded",
        "transfer_reversal": None,
        "_due": books.now + REFUND_SETTLES_AFTER if made["_refund"] else None,
        "_ends": {"pending": "succeeded", "fails": "failed"}.get(made["_refund"]),
    }
    refund["balance_transaction"] = entry(
        books, "refund", -amount, made["currency"], refund["id"], category="refund"
    )["id"]
    made["amount_refunded"] += amount
    made["refunded"] = made["amount_refunded"] == made["amount_captured"]
    books.save(refund, "refund.created")
    books.save(made, "charge.refunded")
    return refund


def _charge_of(books: Books, params: Doc) -> Doc:
    if "charge" in params:
        made = books.get("charge", params["charge"], "charge")
    elif "payment_intent" in params:
        intent = books.get("payment_intent", params["payment_intent"], "payment_intent")
        if intent["latest_charge"] is None:
            raise invalid(
                "This PaymentIntent does not have a successful charge to refund.", param="payment_intent"
            )
        made = books.get("charge", intent["latest_charge"], "charge")
    else:
        raise invalid(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    if made["status"] != "succeeded" or not made["captured"]:
        raise invalid(
            "This PaymentIntent does not have a successful charge to refund.", param="payment_intent"
        )
    return made


def _next_refund(books: Books) -> tuple[int, Callable[[], None]] | None:
    waiting = [refund for refund in books.all("refund") if refund.get("_due") is not None]
    if not waiting:
        return None
    refund = min(waiting, key=lambda each: int(each["_due"]))
    return refund["_due"], lambda: _settle_refund(books, refund)


def _settle_refund(books: Books, refund: Doc) -> None:
    """Its bank has spoken."""
    refund["_due"], before = None, {"status": refund["status"]}
    refund["status"] = refund["_ends"]
    if refund["status"] == "failed":
        fail_refund(books, refund)
    books.save(refund, "refund.failed" if refund["status"] == "failed" else "refund.updated", before)


clock.DUE.append(_next_refund)


def fail_refund(books: Books, refund: Doc) -> None:
    """The buyer's bank sends the money back: it is the merchant's again."""
    refund["status"], refund["failure_reason"] = "failed", "expired_or_canceled_card"
    refund["failure_balance_transaction"] = entry(
        books, "refund_failure", refund["amount"], refund["currency"], refund["id"]
    )["id"]
    made = books.get("charge", refund["charge"])
    made["amount_refunded"] -= refund["amount"]
    made["refunded"] = False
    books.save(made)


@handles("refunds.retrieve")
def retrieve_refund(books: Books, call: Call) -> Doc:
    """One refund."""
    return books.get("refund", call.id)


@handles("refunds.list")
def list_refunds(books: Books, call: Call) -> Doc:
    """Newest first."""
    wanted = {name: call.params[name] for name in ("charge", "payment_intent") if name in call.params}
    return page("/v1/refunds", books.all("refund", **wanted), call.params)


INCLUDED["charge", "refunds"] = lambda books, doc: listed(
    f"/v1/charges/{doc['id']}/refunds", books.all("refund", charge=doc["id"])
)


# ------------------------------------------------------------ disputes


def dispute(books: Books, made: Doc, reason: str) -> Doc:
    """The buyer complains at the bank: the money and a fee are taken at once."""
    if made["disputed"]:
        raise Refusal(400, "invalid_request_error", "The charge is disputed already.")
    doc: Doc = {
        "id": books.new_id("du"),
        "object": "dispute",
        "amount": made["amount_captured"] - made["amount_refunded"],
        "balance_transactions": [],
        "charge": made["id"],
        "created": books.now,
        "currency": made["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {"enhanced_evidence": {}},
        "evidence_details": {
            "due_by": books.now + 7 * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        "is_charge_refundable": False,
        "livemode": False,
        "metadata": {},
        "payment_intent": made["payment_intent"],
        "reason": reason,
        "status": "needs_response",
    }
    taken = entry(
        books, "adjustment", -doc["amount"], doc["currency"], doc["id"], fee=1500, category="dispute"
    )
    doc["balance_transactions"] = [taken]
    made["disputed"] = True
    books.save(made)
    books.save(doc, "charge.dispute.created")
    books.tell("charge.dispute.funds_withdrawn", doc)
    return doc


def close_dispute(books: Books, doc: Doc, status: str) -> Doc:
    """The bank has decided: ``won`` brings the money back."""
    before = {"status": doc["status"]}
    doc["status"] = status
    if status == "won":
        back = entry(
            books, "adjustment", doc["amount"], doc["currency"], doc["id"], category="dispute_reversal"
        )
        doc["balance_transactions"].append(back)
        books.tell("charge.dispute.funds_reinstated", doc)
    return books.save(doc, "charge.dispute.closed", before)


@handles("disputes.retrieve")
def retrieve_dispute(books: Books, call: Call) -> Doc:
    """One dispute."""
    return books.get("dispute", call.id)


@handles("disputes.list")
def list_disputes(books: Books, call: Call) -> Doc:
    """Newest first."""
    wanted = {name: call.params[name] for name in ("charge", "payment_intent") if name in call.params}
    return page("/v1/disputes", books.all("dispute", **wanted), call.params)


@handles("disputes.update")
def update_dispute(books: Books, call: Call) -> Doc:
    """Evidence; ``winning_evidence`` and ``losing_evidence`` decide at once, as in Stripe's test mode."""
    doc = books.get("dispute", call.id)
    given = call.params.get("evidence", {})
    doc["evidence"].update(given)
    doc["evidence_details"]["has_evidence"] = len(doc["evidence"]) > 1
    doc["metadata"] = merged(doc["metadata"], call.params.get("metadata"))
    if not call.params.get("submit", True) or not given:
        return books.save(doc, "charge.dispute.updated", {})
    doc["evidence_details"]["submission_count"] += 1
    doc["evidence_details"]["submission_method"] = "manual"
    verdicts = {"winning_evidence": "won", "losing_evidence": "lost"}
    if given.get("uncategorized_text") in verdicts:
        return close_dispute(books, doc, verdicts[given["uncategorized_text"]])
    doc["status"] = "under_review"
    return books.save(doc, "charge.dispute.updated", {})


@handles("disputes.close")
def accept_dispute(books: Books, call: Call) -> Doc:
    """The merchant gives up."""
    return close_dispute(books, books.get("dispute", call.id), "lost")
