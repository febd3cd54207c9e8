"""Checkout: hosted pages for paying, for keeping a card and for subscribing."""

from __future__ import annotations

from collections.abc import Callable

from . import clock
from .books import INCLUDED, Books, Doc, listed, merged, page
from .calls import Call, handles
from .catalogue import one_time_or_recurring, price_of
from .customers import customer_of
from .errors import Refusal, invalid
from .intents import new_payment_intent, new_setup_intent
from .paying import AFTERWARDS, confirm

LIFETIME = 86_400
_DATA = {"payment": "payment_intent_data", "setup": "setup_intent_data", "subscription": "subscription_data"}


@handles("checkout.sessions.create")
def create_session(books: Books, call: Call) -> Doc:
    """The page is at ``url`` until it expires."""
    asked = call.params
    mode = asked.get("mode", "payment")
    if "success_url" not in asked:
        raise invalid("Missing required param: success_url.", param="success_url", code="parameter_missing")
    if asked.get("ui_mode", "hosted_page") not in ("hosted_page", "hosted"):
        raise invalid("The simulator has hosted pages only.", param="ui_mode")
    for wanted, name in _DATA.items():
        if name in asked and mode != wanted:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", param=name)
    lines = [_line(books, mode, each) for each in asked.get("line_items", [])]
    if bool(lines) == (mode == "setup"):
        raise invalid("You must pass `line_items`, except in `setup` mode.", param="line_items")
    if asked.get("customer"):
        customer_of(books, asked["customer"])
    total = sum(line["amount_total"] for line in lines)
    key = books.new_id("cs_test", 40)
    currency = lines[0]["currency"] if lines else asked.get("currency")
    asked.get("currency")
    session: Doc = {
        "id": key,
        "object": "checkout.session",
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": None,
        "amount_subtotal": total if lines else None,
        "amount_total": total if lines else None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": asked.get("cancel_url"),
        "client_reference_id": asked.get("client_reference_id"),
        "client_secret": None,
        "consent": None,
        "consent_collection": None,
        "created": books.now,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {},
        "customer": asked.get("customer"),
        "customer_creation": asked.get("customer_creation", "if_required") if mode == "payment" else None,
        "customer_details": None,
        "customer_email": asked.get("customer_email"),
        "expires_at": asked.get("expires_at", books.now + LIFETIME),
        "invoice": None,
        "invoice_creation": None,
        "livemode": False,
        "locale": asked.get("locale"),
        "metadata": merged({}, asked.get("metadata")),
        "mode": mode,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": asked.get("payment_method_collection", "always"),
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "no_payment_required" if mode == "setup" else "unpaid",
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": asked.get("submit_type"),
        "subscription": None,
        "success_url": asked["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if lines else None,
        "ui_mode": "hosted_page",
        "url": f"{books.base}/c/pay/{books.account}/{key}",
        "_lines": lines,
        "_data": asked.get(_DATA[mode], {}),
    }
    return books.save(session)


def _line(books: Books, mode: str, given: Doc) -> Doc:
    price = price_of(books, given, currency="")
    recurring = price["recurring"] is not None
    if recurring != (mode == "subscription"):
        raise invalid(
            f"The price is {one_time_or_recurring(price)}, which does not fit `{mode}` mode.",
            param="line_items",
        )
    amount = price["unit_amount"] * given.get("quantity", 1)
    product = books.get("product", price["product"])
    return {
        "id": books.new_id("li"),
        "object": "item",
        "amount_discount": 0,
        "amount_subtotal": amount,
        "amount_tax": 0,
        "amount_total": amount,
        "currency": price["currency"],
        "description": product["name"],
        "price": {name: value for name, value in price.items() if not name.startswith("_")},
        "quantity": given.get("quantity", 1),
    }


INCLUDED["checkout.session", "line_items"] = lambda books, doc: listed(
    f"/v1/checkout/sessions/{doc['id']}/line_items", doc["_lines"]
)


@handles("checkout.sessions.retrieve")
def retrieve_session(books: Books, call: Call) -> Doc:
    """One session."""
    return books.get("checkout.session", call.id)


@handles("checkout.sessions.list")
def list_sessions(books: Books, call: Call) -> Doc:
    """Newest first."""
    names = ("customer", "payment_intent", "subscription", "status")
    wanted = {name: call.params[name] for name in names if name in call.params}
    return page("/v1/checkout/sessions", books.all("checkout.session", **wanted), call.params)


@handles("checkout.sessions.line_items.list")
def list_lines(books: Books, call: Call) -> Doc:
    """What is bought."""
    session = books.get("checkout.session", call.id)
    return page(f"/v1/checkout/sessions/{call.id}/line_items", session["_lines"], call.params)


@handles("checkout.sessions.expire")
def expire_session(books: Books, call: Call) -> Doc:
    """Its page takes nobody's money any more."""
    session = books.get("checkout.session", call.id)
    if session["status"] != "open":
        raise invalid(f"Only open Checkout Sessions can be expired, this one is {session['status']}.")
    return _expire(books, session)


def _expire(books: Books, session: Doc) -> Doc:
    session.update(status="expired", url=None)
    if session["payment_intent"]:
        intent = books.get("payment_intent", session["payment_intent"])
        if intent["status"] not in ("succeeded", "canceled"):
            intent.update(status="canceled", canceled_at=books.now, next_action=None)
            books.save(intent, "payment_intent.canceled")
    return books.save(session, "checkout.session.expired")


def _next_expiry(books: Books) -> tuple[int, Callable[[], None]] | None:
    waiting = books.all("checkout.session", status="open")
    if not waiting:
        return None
    session = min(waiting, key=lambda each: int(each["expires_at"]))

    def act() -> None:
        _expire(books, session)

    return session["expires_at"], act


clock.DUE.append(_next_expiry)


# ------------------------------------------------------------ what the page does


def submit(books: Books, session: Doc, method: Doc, email: str) -> Doc:
    """Somebody entered a card. A decline raises a kept Refusal; the session stays open."""
    if session["status"] != "open":
        raise invalid("This page has been used or has expired.")
    back = session["url"]
    data = session["_data"]
    session["customer_details"] = {
        "address": None,
        "email": email or session["customer_email"],
        "name": method["billing_details"]["name"],
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }
    if session["mode"] == "subscription":
        return SUBSCRIBE[0](books, session, method)
    if session["mode"] == "setup":
        given = {**data, "customer": session["customer"]}
        intent = _again(books, session, "setup_intent") or new_setup_intent(
            books, given, _session=session["id"]
        )
        session["setup_intent"] = intent["id"]
    else:
        given = {
            **data,
            "customer": session["customer"],
            "amount": session["amount_total"],
            "currency": session["currency"],
        }
        intent = _again(books, session, "payment_intent") or new_payment_intent(
            books, given, _session=session["id"]
        )
        session["payment_intent"] = intent["id"]
    books.save(session)
    return confirm(books, intent, method, return_url=back)


#: Set by ``subscriptions``: begins a session's subscription, gives the intent that it waits for.
SUBSCRIBE: list[Callable[[Books, Doc, Doc], Doc]] = []


def _again(books: Books, session: Doc, kind: str) -> Doc | None:
    return books.get(kind, session[kind]) if session[kind] else None


def complete(books: Books, session: Doc) -> None:
    """Paid, or kept."""
    session.update(status="complete", url=None)
    if session["mode"] != "setup":
        session["payment_status"] = "paid"
    books.save(session, "checkout.session.completed")


def _afterwards(books: Books, intent: Doc) -> None:
    if "_session" not in intent or intent["status"] not in ("succeeded", "requires_capture"):
        return
    session = books.get("checkout.session", intent["_session"])
    if session["status"] == "open":
        complete(books, session)


AFTERWARDS.append(_afterwards)


def refuse_expired(session: Doc) -> None:
    """A page that is no more."""
    if session["status"] == "expired":
        raise Refusal(410, "invalid_request_error", "This page has expired.")
