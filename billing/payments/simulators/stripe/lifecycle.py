"""What time and money do to a subscription: trials end, periods begin, unpaid ones are cancelled."""

from __future__ import annotations

from collections.abc import Callable

from . import checkout, clock
from .books import Books, Doc
from .changes import renewal_lines
from .invoices import DRAFT_FOR, FAILED, PAID, default_method, draft, void
from .paying import AFTERWARDS
from .periods import DAY

#: A first payment that is not made in this time ends the subscription.
INCOMPLETE_FOR = 23 * 3600
WARNING = 3 * DAY


def touch(books: Books, subscription: Doc, before: Doc) -> Doc:
    """Write it and tell what changed."""
    changed = {
        name: value
        for name, value in before.items()
        if not name.startswith("_") and subscription.get(name) != value
    }
    return books.save(subscription, "customer.subscription.updated", changed)


def end(books: Books, subscription: Doc, reason: str, status: str = "canceled") -> Doc:
    """Over."""
    subscription.update(
        status=status, ended_at=books.now, canceled_at=subscription["canceled_at"] or books.now
    )
    subscription["cancellation_details"]["reason"] = reason
    for invoice in books.all("invoice", _subscription=subscription["id"]):
        if invoice["status"] in ("draft", "open") and (invoice["status"] == "draft" or status != "canceled"):
            void(books, invoice)
        elif invoice["status"] == "open":
            invoice.update(auto_advance=False, next_payment_attempt=None)
            books.save(invoice)
    return books.save(subscription, "customer.subscription.deleted" if status == "canceled" else
                      "customer.subscription.updated")  # fmt: skip


def _paid(books: Books, invoice: Doc) -> None:
    subscription = books.get("subscription", invoice["_subscription"])
    before = dict(subscription)
    resumes = subscription["status"] == "paused" and subscription.get("_resumes") == invoice["id"]
    if subscription["status"] in ("incomplete", "past_due", "unpaid") or resumes:
        subscription["status"] = "active"
    keep = subscription["payment_settings"].get("save_default_payment_method") == "on_subscription"
    if keep and invoice["_intent"]:
        subscription["default_payment_method"] = books.get("payment_intent", invoice["_intent"])[
            "payment_method"
        ]
    if subscription != before:
        touch(books, subscription, before)
    if "_session" in subscription and invoice["amount_due"]:
        session = books.get("checkout.session", subscription["_session"])
        if session["status"] == "open":
            checkout.complete(books, session)


def _unpaid(books: Books, invoice: Doc) -> None:
    subscription = books.get("subscription", invoice["_subscription"])
    if invoice["billing_reason"] != "subscription_cycle" and subscription["status"] not in (
        "active",
        "past_due",
    ):
        return
    before = dict(subscription)
    if subscription["status"] in ("active", "trialing"):
        subscription["status"] = "past_due"
        touch(books, subscription, before)
    if invoice["next_payment_attempt"] is None and invoice["billing_reason"] == "subscription_cycle":
        end(books, subscription, "payment_failed")


PAID.append(_paid)
FAILED.append(_unpaid)


def _kept(books: Books, intent: Doc) -> None:
    """The card of a trial was kept: the subscription will be charged to it."""
    if intent["object"] != "setup_intent" or intent["status"] != "succeeded" or "_subscription" not in intent:
        return
    subscription = books.get("subscription", intent["_subscription"])
    before = dict(subscription)
    subscription.update(pending_setup_intent=None, default_payment_method=intent["payment_method"])
    touch(books, subscription, before)


AFTERWARDS.append(_kept)


def _next_step(books: Books) -> tuple[int, Callable[[], None]] | None:
    steps = [step for each in books.all("subscription") for step in _steps(books, each)]
    return min(steps, key=lambda step: step[0]) if steps else None


def _steps(books: Books, subscription: Doc) -> list[tuple[int, Callable[[], None]]]:
    status = subscription["status"]
    if status == "incomplete":
        due = subscription["created"] + INCOMPLETE_FOR
        return [(due, lambda: _void_step(end(books, subscription, "payment_failed", "incomplete_expired")))]
    found: list[tuple[int, Callable[[], None]]] = []
    if status not in ("active", "past_due", "trialing", "unpaid"):
        return found
    if subscription["cancel_at"]:
        reason = "cancellation_requested"
        found.append((subscription["cancel_at"], lambda: _void_step(end(books, subscription, reason))))
    paused = subscription["pause_collection"]
    if paused and paused["resumes_at"]:
        found.append((paused["resumes_at"], lambda: _collect_again(books, subscription)))
    if status == "trialing" and not subscription.get("_warned"):
        found.append((subscription["trial_end"] - WARNING, lambda: _warn(books, subscription)))
    until = subscription["items"]["data"][0]["current_period_end"]
    found.append((until, lambda: _renew(books, subscription)))
    return found


def _void_step(_done: Doc) -> None:
    """The step has no result."""


def _warn(books: Books, subscription: Doc) -> None:
    subscription["_warned"] = True
    books.save(subscription, "customer.subscription.trial_will_end")


def _collect_again(books: Books, subscription: Doc) -> None:
    before = dict(subscription)
    subscription["pause_collection"] = None
    touch(books, subscription, before)


def _renew(books: Books, subscription: Doc) -> None:
    before = {
        **subscription,
        "items": {**subscription["items"], "data": [dict(i) for i in subscription["items"]["data"]]},
    }
    if subscription["status"] == "trialing":
        missing = subscription["trial_settings"]["end_behavior"]["missing_payment_method"]
        if missing != "create_invoice" and _cardless(books, subscription):
            if missing == "cancel":
                end(books, subscription, "payment_failed")
                return
            subscription["status"] = "paused"
            why = {"type": "trial_end_without_payment_method"}
            details = {"subscription": why, "transitioned_at": books.now, "type": "subscription"}
            subscription["status_details"] = {"paused": details}
            books.save(subscription, "customer.subscription.paused")
            touch(books, subscription, before)
            return
        subscription["status"] = "active"
    lines = renewal_lines(books, subscription)
    period = (lines[-1]["period"]["start"], lines[-1]["period"]["end"])
    invoice = draft(books, subscription, lines, "subscription_cycle", period)
    subscription["latest_invoice"] = invoice["id"]
    touch(books, subscription, before)
    pause = subscription["pause_collection"]
    if pause and pause["behavior"] != "keep_as_draft":
        void(books, invoice, "void" if pause["behavior"] == "void" else "uncollectible")
    elif not pause and subscription["status"] != "unpaid":
        invoice["automatically_finalizes_at"] = books.now + DRAFT_FOR
        books.save(invoice)


def _cardless(books: Books, subscription: Doc) -> bool:
    about = {"_subscription": subscription["id"], "customer": subscription["customer"]}
    return default_method(books, about) is None


clock.DUE.append(_next_step)
