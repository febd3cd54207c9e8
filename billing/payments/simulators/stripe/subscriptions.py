"""Subscriptions: begun, changed, paused, cancelled."""

from __future__ import annotations

from typing import Any

from . import checkout
from .books import Books, Doc, listed, merged, page
from .calls import Asked, Call, handles
from .changes import change
from .customers import attach, create_customer, customer_of
from .customers import method as payment_method
from .errors import Refusal, invalid
from .intents import new_setup_intent
from .invoices import attempt, default_method, draft, finalize, line, pay
from .items import new_items
from .lifecycle import end, touch
from .paying import confirm
from .periods import DAY, next_boundary

_BEHAVIOURS = ("allow_incomplete", "default_incomplete", "error_if_incomplete")


def begin(books: Books, asked: Doc, **own: Any) -> Doc:
    """A subscription and its first invoice. ``own``: fields of the simulator."""
    customer = customer_of(books, asked["customer"])
    key = books.new_id("sub")
    items = new_items(books, key, asked.get("items", []), currency=asked.get("currency", ""))
    behaviour = asked.get("payment_behavior", "allow_incomplete")
    if behaviour not in _BEHAVIOURS:
        raise invalid(f"The simulator does not know payment_behavior={behaviour}.", param="payment_behavior")
    if asked.get("default_payment_method"):
        chosen = payment_method(books, asked["default_payment_method"], "default_payment_method")
        if chosen["customer"] != customer["id"]:
            raise invalid(
                "The payment method must be attached to the customer.", param="default_payment_method"
            )
    trial_end = asked.get("trial_end")
    if "trial_period_days" in asked:
        trial_end = books.now + asked["trial_period_days"] * DAY
    trialing = isinstance(trial_end, int) and trial_end > books.now
    recurring = items[0]["price"]["recurring"]
    anchor: int = trial_end if trialing else books.now  # type: ignore[assignment]
    until = (
        anchor
        if trialing
        else next_boundary(anchor, books.now, recurring["interval"], recurring["interval_count"])
    )
    for item in items:
        item["current_period_end"] = until
    settings = {
        "payment_method_options": None,
        "payment_method_types": None,
        "save_default_payment_method": "off",
    }
    subscription: Doc = {
        "id": key,
        "object": "subscription",
        "application": None,
        "application_fee_percent": None,
        "automatic_tax": {"enabled": False, "disabled_reason": None, "liability": None},
        "billing_cycle_anchor": anchor,
        "billing_cycle_anchor_config": None,
        "billing_mode": {"type": "flexible", **asked.get("billing_mode", {})},
        "billing_schedules": [],
        "billing_thresholds": None,
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "cancellation_details": {"comment": None, "feedback": None, "reason": None},
        "collection_method": asked.get("collection_method", "charge_automatically"),
        "created": books.now,
        "currency": items[0]["price"]["currency"],
        "customer": customer["id"],
        "days_until_due": asked.get("days_until_due"),
        "default_payment_method": asked.get("default_payment_method"),
        "default_source": None,
        "default_tax_rates": [],
        "description": asked.get("description"),
        "discounts": [],
        "ended_at": None,
        "invoice_settings": {"account_tax_ids": None, "issuer": {"type": "self"}},
        "items": listed(f"/v1/subscription_items?subscription={key}", items),
        "latest_invoice": None,
        "livemode": False,
        "metadata": merged({}, asked.get("metadata")),
        "next_pending_invoice_item_invoice": None,
        "on_behalf_of": None,
        "pause_collection": None,
        "payment_settings": {**settings, **asked.get("payment_settings", {})},
        "pending_invoice_item_interval": None,
        "pending_setup_intent": None,
        "pending_update": None,
        "schedule": None,
        "start_date": books.now,
        "status": "trialing" if trialing else "incomplete",
        "test_clock": None,
        "transfer_data": None,
        "trial_end": trial_end if trialing else None,
        "trial_settings": {
            "end_behavior": {"missing_payment_method": "create_invoice"},
            **asked.get("trial_settings", {}),
        },
        "trial_start": books.now if trialing else None,
        "_pending": [],
        **own,
    }
    books.save(subscription)
    if asked.get("cancel_at_period_end"):
        subscription.update(cancel_at_period_end=True, cancel_at=until, canceled_at=books.now)
    if asked.get("cancel_at"):
        subscription["cancel_at"] = asked["cancel_at"]
    books.save(subscription, "customer.subscription.created")
    period = (books.now, until)
    lines = [
        line(
            books,
            subscription,
            item,
            0 if trialing else item["price"]["unit_amount"] * item["quantity"],
            period,
            "Trial period" if trialing else "Subscription",
            proration=False,
        )
        for item in items
    ]
    invoice = draft(books, subscription, lines, "subscription_create", period)
    subscription["latest_invoice"] = invoice["id"]
    if trialing and behaviour == "default_incomplete" and default_method(books, invoice) is None:
        given = {"customer": customer["id"], "usage": "off_session"}
        subscription["pending_setup_intent"] = new_setup_intent(books, given, _subscription=key)["id"]
    books.save(subscription)
    _first_payment(books, finalize(books, invoice), behaviour, off_session=bool(asked.get("off_session")))
    return books.get("subscription", key)


def _first_payment(books: Books, invoice: Doc, behaviour: str, *, off_session: bool) -> None:
    if invoice["status"] != "open" or behaviour == "default_incomplete":
        return
    if invoice["collection_method"] != "charge_automatically":
        return
    method = default_method(books, invoice)
    if method is None:
        raise invalid(
            "This customer has no attached payment source or default payment method. Please consider adding "
            "a default payment method.",
            code="resource_missing",
        )
    try:
        paid = pay(books, invoice, method, off_session=off_session)
    except Refusal as refusal:
        if behaviour == "error_if_incomplete":
            raise Refusal(402, "card_error", str(refusal), code=refusal.error.get("code", "")) from refusal
        return
    if behaviour == "error_if_incomplete" and paid["status"] != "paid":
        raise Refusal(402, "card_error", "Payment for this subscription requires additional user action.",
                      code="subscription_payment_intent_requires_action")  # fmt: skip


@handles("subscriptions.create")
def create_subscription(books: Books, call: Call) -> Doc:
    """Begin."""
    for name in ("proration_behavior",):
        call.params.get(name)
    return begin(books, call.params)


@handles("subscriptions.retrieve")
def retrieve_subscription(books: Books, call: Call) -> Doc:
    """One subscription."""
    return books.get("subscription", call.id)


@handles("subscriptions.list")
def list_subscriptions(books: Books, call: Call) -> Doc:
    """Newest first; without the cancelled ones unless asked."""
    wanted = {"customer": call.params["customer"]} if "customer" in call.params else {}
    docs = books.all("subscription", **wanted)
    status = call.params.get("status", "")
    if status in ("", "ended"):
        over = ("canceled", "incomplete_expired")
        docs = [each for each in docs if (each["status"] in over) == (status == "ended")]
    elif status != "all":
        docs = [each for each in docs if each["status"] == status]
    return page("/v1/subscriptions", docs, call.params)


@handles("subscriptions.update")
def update_subscription(books: Books, call: Call) -> Doc:
    """Items, end, card, pause of collection."""
    subscription = _living(books, call.id)
    asked = call.params
    before = dict(subscription)
    subscription["metadata"] = merged(subscription["metadata"], asked.get("metadata"))
    for name in ("default_payment_method", "description", "days_until_due", "collection_method"):
        if name in asked:
            subscription[name] = asked[name] or None
    if subscription["default_payment_method"] != before["default_payment_method"]:
        chosen = payment_method(books, subscription["default_payment_method"], "default_payment_method")
        if chosen["customer"] != subscription["customer"]:
            raise invalid(
                "The payment method must be attached to the customer.", param="default_payment_method"
            )
    for name in ("payment_settings", "trial_settings", "cancellation_details"):
        subscription[name] = {**subscription[name], **asked.get(name, {})}
    if "pause_collection" in asked:
        given = asked["pause_collection"]
        subscription["pause_collection"] = {"resumes_at": None, **given} if given else None
    _ends(books, subscription, asked)
    books.save(subscription)
    change(books, subscription, asked)
    return touch(books, books.get("subscription", call.id), before)


def _ends(books: Books, subscription: Doc, asked: Doc) -> None:
    if "cancel_at_period_end" in asked:
        until = subscription["items"]["data"][0]["current_period_end"]
        wanted = asked["cancel_at_period_end"]
        subscription.update(cancel_at_period_end=wanted, cancel_at=until if wanted else None)
        subscription["canceled_at"] = books.now if wanted else None
        subscription["cancellation_details"]["reason"] = "cancellation_requested" if wanted else None
    if "cancel_at" in asked:
        subscription["cancel_at"] = asked["cancel_at"] or None
        subscription["canceled_at"] = books.now if subscription["cancel_at"] else None


@handles("subscriptions.cancel")
def cancel_subscription(books: Books, call: Call) -> Doc:
    """Now."""
    subscription = _living(books, call.id)
    details = call.params.get("cancellation_details", {})
    subscription["cancellation_details"] = {**subscription["cancellation_details"], **details}
    if call.params.get("prorate"):
        change(books, subscription, {"_leave": True})
    if call.params.get("invoice_now") and subscription["_pending"]:
        until = subscription["items"]["data"][0]["current_period_end"]
        lines, subscription["_pending"] = subscription["_pending"], []
        invoice = finalize(
            books, draft(books, subscription, lines, "subscription_update", (books.now, until))
        )
        subscription["latest_invoice"] = invoice["id"]
        if invoice["status"] == "open":
            attempt(books, invoice, default_method(books, invoice))
    return end(books, subscription, "cancellation_requested")


@handles("subscriptions.pause")
def pause_subscription(books: Books, call: Call) -> Doc:
    """No invoices, no periods, until it is resumed."""
    subscription = _living(books, call.id)
    if subscription["status"] not in ("active", "past_due", "trialing"):
        raise invalid(f"A subscription that is {subscription['status']} cannot be paused.")
    before = dict(subscription)
    call.params.get("type")
    if call.params.get("invoicing_behavior", "pending_invoice_item") != "pending_invoice_item":
        raise invalid(
            "The simulator keeps credits of a pause for the next invoice.", param="invoicing_behavior"
        )
    kind = call.params.get("bill_for", {}).get("unused_time_from", {}).get("type", "now")
    if kind == "now":
        change(books, subscription, {"_leave": True})
    subscription["status"] = "paused"
    subscription["status_details"] = {
        "paused": {
            "subscription": {"type": "pause_requested"},
            "transitioned_at": books.now,
            "type": "subscription",
        }
    }
    books.save(subscription, "customer.subscription.paused")
    return touch(books, subscription, before)


@handles("subscriptions.resume")
def resume_subscription(books: Books, call: Call) -> Doc:
    """A new period begins, and is paid for."""
    subscription = _living(books, call.id)
    if subscription["status"] != "paused":
        raise invalid("You can only resume a subscription that is paused.")
    if call.params.get("billing_cycle_anchor", {"type": "now"})["type"] != "now":
        raise invalid("The simulator resumes with a new period only.", param="billing_cycle_anchor")
    for name in ("proration_behavior", "proration_date", "payment_behavior"):
        call.params.get(name)
    before = dict(subscription)
    subscription.pop("status_details", None)
    change(books, subscription, {"_renew": True})
    fresh = books.get("subscription", call.id)
    books.tell("customer.subscription.resumed", fresh)
    return touch(books, fresh, before)


def _living(books: Books, key: str) -> Doc:
    subscription = books.get("subscription", key)
    if subscription["status"] in ("canceled", "incomplete_expired"):
        raise invalid(f"No such subscription: '{key}'", code="resource_missing")
    return subscription


def _subscribe(books: Books, session: Doc, method: Doc) -> Doc:
    """What the checkout page does in its mode ``subscription``."""
    if session["subscription"] is None:
        if session["customer"] is None:
            session["customer"] = _customer_of_page(books, session)
            books.save(session)
        items = [{"price": each["price"]["id"], "quantity": each["quantity"]} for each in session["_lines"]]
        given = {**session["_data"], "customer": session["customer"], "items": items}
        given |= {"payment_behavior": "default_incomplete"}
        given["payment_settings"] = {"save_default_payment_method": "on_subscription"}
        made = begin(books, given, _session=session["id"])
        session = books.get("checkout.session", session["id"])
        session.update(subscription=made["id"], invoice=made["latest_invoice"])
        books.save(session)
    subscription = books.get("subscription", session["subscription"])
    invoice = books.get("invoice", subscription["latest_invoice"])
    if invoice["status"] == "open":
        intent = books.get("payment_intent", invoice["_intent"])
        return confirm(books, intent, method, return_url=session["url"])
    subscription["default_payment_method"] = attach(books, method, session["customer"])["id"]
    books.save(subscription)
    checkout.complete(books, session)
    return invoice


def _customer_of_page(books: Books, session: Doc) -> str:
    details = session["customer_details"]
    given = Asked({"email": details["email"], "name": details["name"]})
    return str(create_customer(books, Call((), given))["id"])


checkout.SUBSCRIBE.append(_subscribe)
