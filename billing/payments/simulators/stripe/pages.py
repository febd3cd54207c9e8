"""Pages for people: paying, authenticating, managing. Every one says that it is simulated."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from billing.payments.simulators.app import World
from billing.payments.simulators.http import Request, Response, redirect
from billing.payments.simulators.pages import button, link, page, paragraph

from . import checkout, clock
from .books import Books, Doc
from .customers import method as payment_method
from .errors import Refusal, missing
from .paying import authenticated, confirm, typed_card

#: A page: its books, the object in its address, the form that was posted (None: it is being looked at).
Page = Callable[[Books, str, dict[str, str] | None], Response]
PAGES: Final[dict[str, Page]] = {}

_HINTS: Final = (
    ("4242 4242 4242 4242", "is accepted"),
    ("4000 0027 6000 3184", "asks the cardholder's bank (3-D Secure)"),
    ("4000 0000 0000 9995", "has too little money"),
    ("4000 0000 0000 0002", "is declined"),
    ("4000 0000 0000 0341", "can be kept, and fails when it is charged"),
)


def at(path: str) -> Callable[[Page], Page]:
    """The decorated function answers ``<path>/<account>/<id>``."""

    def register(answer_page: Page) -> Page:
        PAGES[path] = answer_page
        return answer_page

    return register


def answer(world: World, request: Request) -> Response:
    """The page at an address."""
    path, _, rest = request.path.rpartition("/")
    path, _, account = path.rpartition("/")
    found = PAGES.get(path)
    if found is None:
        return page("Simulated Stripe", [("API", "/v1/"), ("Version", "2026-10-28.endive")], status=404)
    books = Books(world, account, base=request.base)
    clock.follow(books)
    try:
        return found(books, rest, request.form() if request.method == "POST" else None)
    except Refusal as refusal:
        return page("Not here", [("Reason", str(refusal))], status=refusal.status)


def amount(minor_units: int | None, currency: str | None) -> str:
    """An amount as the page shows it."""
    if minor_units is None or currency is None:
        return "–"
    if currency == "jpy":
        return f"{minor_units} JPY"
    return f"{minor_units // 100}.{minor_units % 100:02} {currency.upper()}"


def card_form(action: str, label: str, *, problem: str = "", email: bool = False) -> str:
    """Fields of a card, with a button."""
    fields = [
        ("number", "Card number", "4242 4242 4242 4242"),
        ("expiry", "Expiry, MM/YY", "12/34"),
        ("cvc", "CVC", "123"),
    ]
    fields += [("name", "Name on the card", ""), *([("email", "E-mail", "")] if email else [])]
    inputs = "".join(
        f"<p><label>{escape(text)}<br>"
        f'<input name="{name}" value="{escape(value)}" autocomplete="off"></label></p>'
        for name, text, value in fields
    )
    rows = "".join(f"<dt>{escape(number)}</dt><dd>{escape(text)}</dd>" for number, text in _HINTS)
    wrong = f'<p role="alert"><strong>{escape(problem)}</strong></p>' if problem else ""
    return (
        f'{wrong}<form method="post" action="{escape(action)}">{inputs}'
        f'<button class="main">{escape(label)}</button></form><p>Test cards:</p><dl>{rows}</dl>'
    )


def with_query(address: str, **more: str) -> str:
    """An address with further parameters."""
    parts = urlsplit(address)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *more.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))


@at("/c/pay")
def checkout_page(books: Books, key: str, form: dict[str, str] | None) -> Response:
    """Checkout."""
    session = books.get("checkout.session", key)
    checkout.refuse_expired(session)
    if session["status"] == "complete":
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", key))
    problem = ""
    if form is not None:
        try:
            method = payment_method(books, form["saved"]) if form.get("saved") else typed_card(books, form)
            intent = checkout.submit(books, session, method, form.get("email", ""))
        except Refusal as refusal:
            problem = str(refusal)
        else:
            if intent["status"] == "requires_action":
                return redirect(next_page(intent))
            return checkout_page(books, key, None)
        session = books.get("checkout.session", key)
    label = {"payment": "Pay", "setup": "Save card", "subscription": "Subscribe"}[session["mode"]]
    facts = [("To pay", amount(session["amount_total"], session["currency"]))] if session["_lines"] else []
    facts += [
        (line["description"], amount(line["amount_total"], line["currency"])) for line in session["_lines"]
    ]
    parts = [card_form(session["url"], label, problem=problem, email=session["customer"] is None)]
    for each in books.all("payment_method", customer=session["customer"]) if session["customer"] else []:
        text = f"{label} with {each['card']['brand']} ending in {each['card']['last4']}"
        parts.append(button(text, session["url"], saved=each["id"]))
    if session["cancel_url"]:
        parts.append(link("Back without paying", session["cancel_url"]))
    return page("Stripe Checkout", facts, *parts)


def next_page(intent: Doc) -> str:
    """Where a cardholder proves who they are."""
    action = intent["next_action"]
    if action["type"] == "redirect_to_url":
        return str(action["redirect_to_url"]["url"])
    return str(action["use_stripe_sdk"]["stripe_js"])


@at("/authenticate")
def authenticate_page(books: Books, key: str, form: dict[str, str] | None) -> Response:
    """The cardholder's bank asks (3-D Secure)."""
    intent = books.find(key)
    if intent is None or intent["object"] not in ("payment_intent", "setup_intent"):
        raise missing("payment_intent", key)
    here = f"{books.base}/authenticate/{books.account}/{key}"
    if form is not None or intent["status"] != "requires_action":
        back = intent.get("_return_url")
        if form is not None:
            try:
                intent = authenticated(books, intent, passed=form.get("verdict") == "pass")
            except Refusal:
                intent = books.get(intent["object"], key)
        if not back:
            return page("Done", [("Status", intent["status"])])
        return redirect(_returning(books, intent, back))
    facts = [("Amount", amount(intent.get("amount"), intent.get("currency")))]
    return page(
        "3-D Secure",
        facts,
        paragraph("Your bank wants to know whether it is you."),
        button("It is me", here, main=True, verdict="pass"),
        button("Refuse", here, verdict="fail"),
    )


def _returning(books: Books, intent: Doc, back: str) -> str:
    if back.startswith(f"{books.base}/"):
        return back
    kind = intent["object"]
    passed = intent["status"] in ("succeeded", "requires_capture", "processing")
    secret = {kind: intent["id"], f"{kind}_client_secret": intent["client_secret"]}
    return with_query(back, **secret, redirect_status="succeeded" if passed else "failed")


@at("/pay")
def card_page(books: Books, key: str, form: dict[str, str] | None) -> Response:
    """What Stripe.js would do in an app: a card for an intent, by its client secret."""
    kind = "setup_intent" if key.startswith("seti_") else "payment_intent"
    found = books.all(kind, client_secret=key)
    if not found:
        raise missing(kind, key)
    intent, problem = found[0], ""
    here = f"{books.base}/pay/{books.account}/{key}"
    if form is not None and intent["status"] in ("requires_payment_method", "requires_confirmation"):
        try:
            intent = confirm(books, intent, typed_card(books, form), return_url=here)
        except Refusal as refusal:
            problem = str(refusal)
    if intent["status"] == "requires_action":
        return redirect(next_page(intent))
    facts = [("Amount", amount(intent.get("amount"), intent.get("currency"))), ("Status", intent["status"])]
    parts = (
        [] if intent["status"] in ("succeeded", "canceled") else [card_form(here, "Confirm", problem=problem)]
    )
    return page("Card", facts, *parts)
