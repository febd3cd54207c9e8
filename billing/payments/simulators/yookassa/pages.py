"""The page of the payer's bank behind the QR code."""

from __future__ import annotations

from billing.payments.simulators.app import World
from billing.payments.simulators.http import Request, Response, redirect
from billing.payments.simulators.pages import button, link, page, paragraph

from .cash import Cashier


def bank(world: World, request: Request) -> Response:
    """``/sbp/PAYMENT``: GET shows it, POST pays or refuses."""
    identity = request.path.rsplit("/", 1)[-1]
    account = world.store.account_of("yookassa", "payment", identity)
    if not account:
        return page("Bank (SBP)", [], paragraph("This QR code does not exist."), status=404)
    cashier = Cashier(world, account, request.base)
    payment = cashier.get("payment", identity)
    known = world.store.get("yookassa", "until", identity) or {}
    if payment["status"] == "pending" and request.method == "POST":
        if request.form().get("how") == "pay":
            cashier.paid(identity)
        else:
            cashier.cancelled(identity, "payment_network", "general_decline")
        return redirect(f"{request.base}/sbp/{identity}")
    facts = [
        ("Amount", f"{payment['amount']['value']} {payment['amount']['currency']}"),
        ("For", payment["description"]),
        ("State", payment["status"]),
    ]
    if payment["status"] != "pending":
        return page("Bank (SBP)", facts, link("Back to the shop", known.get("return_url", "")))
    here = f"{request.base}/sbp/{identity}"
    return page(
        "Bank (SBP)", facts, button("Pay", here, main=True, how="pay"), button("Refuse", here, how="refuse")
    )
