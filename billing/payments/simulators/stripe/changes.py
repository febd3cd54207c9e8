"""What a change of a subscription costs: one function for the change itself and for its preview."""

from __future__ import annotations

from .books import Books, Doc
from .calls import Call, handles
from .catalogue import price_of
from .errors import invalid
from .invoices import attempt, default_method, draft, finalize, line
from .items import new_items, plan_of
from .periods import next_boundary, part


def change(books: Books, subscription: Doc, asked: Doc, *, preview: bool = False) -> Doc | None:
    """Change items or cycle; gives the invoice that this makes at once, if any (a preview's stays a draft).

    Beside Stripe's parameters: ``_leave`` credits the rest of the period, ``_renew`` begins a new one.
    """
    items: list[Doc] = subscription["items"]["data"]
    wanted = _changed(books, subscription, items, asked.get("items", []))
    moment = asked.get("proration_date", books.now)
    behaviour = asked.get("proration_behavior", "create_prorations")
    payment = asked.get("payment_behavior", "allow_incomplete")
    anchor = asked.get("billing_cycle_anchor", {}).get("type") if "billing_cycle_anchor" in asked else None
    asked.get("off_session")
    trial = asked.get("trial_end")
    start, end = items[0]["current_period_start"], items[0]["current_period_end"]
    trialing = subscription["status"] == "trialing"
    renew = bool(asked.get("_renew")) or anchor == "now" or _interval(items) != _interval(wanted)
    if isinstance(trial, int):
        renew = False
        subscription.update(trial_end=trial, billing_cycle_anchor=trial, status="trialing")
        subscription["trial_start"] = subscription["trial_start"] or books.now
        for item in wanted:
            item["current_period_end"] = trial
    elif trial == "now" and trialing:
        renew, trialing = True, False
        subscription.update(trial_end=books.now, status="active")
        behaviour = "none"
    lines: list[Doc] = []
    if behaviour != "none" and not trialing and subscription["status"] != "paused":
        gone = items if renew or asked.get("_leave") else [each for each in items if each not in wanted]
        come = [] if renew or asked.get("_leave") else [each for each in wanted if each not in items]
        lines += [_proration(books, subscription, each, -1, moment, (start, end)) for each in gone]
        lines += [_proration(books, subscription, each, 1, moment, (start, end)) for each in come]
    lines = [each for each in lines if each["amount"]]
    subscription["items"]["data"] = wanted
    if renew and not trialing:
        recurring = wanted[0]["price"]["recurring"]
        until = next_boundary(books.now, books.now, recurring["interval"], recurring["interval_count"])
        subscription["billing_cycle_anchor"] = books.now
        for item in wanted:
            item.update(current_period_start=books.now, current_period_end=until)
            lines.append(_whole(books, subscription, item))
    books.save(subscription)
    at_once = (renew and not trialing) or (behaviour == "always_invoice" and lines)
    if not at_once:
        subscription["_pending"] += lines
        books.save(subscription)
        return None
    return _invoiced(books, subscription, lines, payment, preview=preview)


def _invoiced(books: Books, subscription: Doc, lines: list[Doc], payment: str, *, preview: bool) -> Doc:
    pending, subscription["_pending"] = subscription["_pending"], []
    period = (books.now, subscription["items"]["data"][0]["current_period_end"])
    invoice = draft(books, subscription, [*pending, *lines], "subscription_update", period)
    subscription["latest_invoice"] = invoice["id"]
    if subscription["status"] == "paused":
        subscription["_resumes"] = invoice["id"]
    books.save(subscription)
    if preview:
        return invoice
    invoice = finalize(books, invoice)
    if invoice["status"] == "open" and payment != "default_incomplete":
        invoice = attempt(books, invoice, default_method(books, invoice))
        if invoice["status"] != "paid" and payment == "error_if_incomplete":
            raise invalid("The payment of the change failed.", code="card_declined")
    return invoice


def _interval(items: list[Doc]) -> tuple[str, int]:
    recurring = items[0]["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]


def _changed(books: Books, subscription: Doc, items: list[Doc], given: list[Doc]) -> list[Doc]:
    """The items after the change; an item that stays as it was is the same object."""
    found = {item["id"]: item for item in items}
    for each in given:
        if "id" not in each:
            (fresh,) = new_items(books, subscription["id"], [each], currency=subscription["currency"])
            times = ("current_period_start", "current_period_end")
            found[fresh["id"]] = {**fresh, **{name: items[0][name] for name in times}}
            continue
        if each["id"] not in found:
            raise invalid(
                f"No such subscription_item: '{each['id']}'", param="items[0][id]", code="resource_missing"
            )
        if each.get("deleted"):
            del found[each["id"]]
            continue
        item = dict(found[each["id"]])
        if "price" in each or "price_data" in each:
            item["price"] = price_of(books, each, currency=subscription["currency"])
            item["plan"] = plan_of(item["price"])
        item["quantity"] = each.get("quantity", item["quantity"])
        if item != found[each["id"]]:
            found[each["id"]] = item
    if not found:
        raise invalid("A subscription must have at least one active item.", param="items")
    return list(found.values())


def _proration(
    books: Books, subscription: Doc, item: Doc, sign: int, moment: int, period: tuple[int, int]
) -> Doc:
    amount = item["price"]["unit_amount"] * item["quantity"]
    cost = sign * part(amount, start=period[0], end=period[1], moment=moment)
    text = "Unused time" if sign < 0 else "Remaining time"
    return line(books, subscription, item, cost, (moment, period[1]), text, proration=True)


def _whole(books: Books, subscription: Doc, item: Doc) -> Doc:
    amount = item["price"]["unit_amount"] * item["quantity"]
    period = (item["current_period_start"], item["current_period_end"])
    return line(books, subscription, item, amount, period, "Subscription", proration=False)


def renewal_lines(books: Books, subscription: Doc) -> list[Doc]:
    """The next period of every item, after what waits; the items are moved on."""
    recurring = subscription["items"]["data"][0]["price"]["recurring"]
    lines: list[Doc] = subscription["_pending"]
    subscription["_pending"] = []
    for item in subscription["items"]["data"]:
        start = item["current_period_end"]
        until = next_boundary(
            subscription["billing_cycle_anchor"], start, recurring["interval"], recurring["interval_count"]
        )
        item.update(current_period_start=start, current_period_end=until)
        lines.append(_whole(books, subscription, item))
    return lines


class _Undo(Exception):
    """Ends a preview."""


@handles("invoices.create_preview")
def create_preview(books: Books, call: Call) -> Doc:
    """What a change would cost: the change is made, its invoice looked at, and everything taken back."""
    if "subscription" not in call.params:
        raise invalid("The simulator previews changes of a subscription.", param="subscription")
    call.params.get("customer")
    details = call.params.get("subscription_details", {})
    found: Doc = {}
    try:
        with books.undoing():
            subscription = books.get("subscription", call.params["subscription"], "subscription")
            asked = {**details, **({"_renew": True} if details.get("resume_at") == "now" else {})}
            invoice = change(books, subscription, asked, preview=True)
            if invoice is None:
                subscription = books.get("subscription", subscription["id"])
                lines = renewal_lines(books, subscription)
                period = (lines[-1]["period"]["start"], lines[-1]["period"]["end"])
                invoice = draft(books, subscription, lines, "upcoming", period)
            found = {**invoice, "id": f"upcoming_{invoice['id']}"}
            raise _Undo
    except _Undo:
        return found
