"""The page on which the payer approves an order."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from billing.payments.simulators.app import World
from billing.payments.simulators.http import Request, Response, redirect
from billing.payments.simulators.pages import button, link, page, paragraph

from . import orders
from .shop import Shop


def checkout(world: World, request: Request) -> Response:
    """``/checkoutnow?token=ORDER``: GET shows it, POST decides."""
    identity = request.query.get("token", "")
    account = world.store.account_of("paypal", "order", identity)
    if not account:
        return page("PayPal", [], paragraph("This order does not exist."), status=404)
    shop = Shop(world, account, request.base)
    order = shop.get("order", identity)
    context: dict[str, Any] = order["simulator"]["context"]
    back = _with(context.get("return_url", ""), token=identity, PayerID="SIMULATEDPAYER")
    away = _with(context.get("cancel_url", ""), token=identity)
    if order["status"] != "PAYER_ACTION_REQUIRED":
        return page("PayPal", [("State", order["status"])], link("Back to the shop", back))
    if request.method == "POST":
        how = request.form().get("how", "")
        if how in ("pay", "review", "decline"):
            orders.approve(shop, order, how)
            return redirect(back)
        return redirect(away)
    unit = order["purchase_units"][0]
    facts = [
        ("Amount", f"{unit['amount']['value']} {unit['amount']['currency_code']}"),
        ("For", unit.get("description", "")),
        ("Order", identity),
    ]
    here = f"{request.base}/checkoutnow?token={identity}"
    return page(
        "PayPal",
        facts,
        paragraph("Your account will be saved for later payments.") if order["simulator"]["vault"] else "",
        button("Pay", here, main=True, how="pay"),
        button("Pay, and let the payment wait for a review", here, how="review"),
        button("Pay with an instrument that is declined", here, how="decline"),
        button("Cancel and return", here, how="cancel"),
    )


def _with(address: str, **query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(query)}"
