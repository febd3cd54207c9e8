"""The invoice's page: send coins, exactly or not, and let blocks be found."""

from __future__ import annotations

from billing.payments.simulators.app import World
from billing.payments.simulators.http import Request, Response, redirect
from billing.payments.simulators.pages import button, link, page, paragraph

from .shop import Problem, Shop


def invoice(world: World, request: Request) -> Response:
    """``/i/INVOICE``: GET shows it, POST lets something happen."""
    identity = request.path.rsplit("/", 1)[-1]
    account = world.store.account_of("btcpay", "invoice", identity)
    if not account:
        return page("Invoice", [], paragraph("This invoice does not exist."), status=404)
    shop = Shop(world, account, request.base)
    here = f"{request.base}/i/{identity}"
    if request.method == "POST":
        _happen(shop, identity, request.form().get("how", ""))
        return redirect(here)
    found = shop.invoice(identity)
    method = shop.method_of(found)
    status = (
        found["status"]
        if found["additionalStatus"] == "None"
        else f"{found['status']}, {found['additionalStatus']}"
    )
    facts = [
        ("Asked", f"{found['amount']} {found['currency']}"),
        ("To pay", f"{method['amount']} {method['currency']}"),
        ("Received", f"{method['totalPaid']} {method['currency']}"),
        ("Address", method["destination"]),
        ("State", status),
    ]
    parts = []
    if found["status"] in ("New", "Expired"):
        late = " (late)" if found["status"] == "Expired" else ""
        parts = [
            button(f"Pay exactly{late}", here, main=True, how="exact"),
            button(f"Pay half{late}", here, how="half"),
            button(f"Pay half too much{late}", here, how="over"),
        ]
    if found["status"] == "New":
        parts.append(button("Let the time run out", here, how="expire"))
    if method["payments"] and found["status"] not in ("Settled", "Invalid"):
        parts.append(button("Find one block", here, how="block"))
        parts.append(button("Find six blocks", here, how="blocks"))
        parts.append(button("Spend the coins elsewhere first", here, how="double"))
    parts.append(link("Back to the shop", str(found["checkout"].get("redirectURL", ""))))
    return page("Invoice in a cryptocurrency", facts, *parts)


def _happen(shop: Shop, identity: str, how: str) -> None:
    try:
        match how:
            case "exact" | "half" | "over":
                shop.receive(identity, percent={"exact": 100, "half": 50, "over": 150}[how])
            case "expire":
                shop.expire(identity)
            case "block" | "blocks":
                shop.confirm(identity, 1 if how == "block" else 6)
            case "double":
                shop.double_spend(identity)
    except Problem:
        return  # somebody was faster: the page shows what it is now
