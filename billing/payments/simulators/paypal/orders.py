"""Orders: made, approved by the payer, captured by the shop; or charged to a saved account at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.payments.simulators.amounts import part, timestamp, written

from .problems import invalid, missing, refused
from .shop import Shop, money_of, new_id


def create(shop: Shop, body: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """``POST /v2/checkout/orders``. Raises Problem."""
    if body.get("intent") != "CAPTURE":
        raise invalid("/intent") if "intent" in body else missing("/intent")
    units = body.get("purchase_units")
    if not isinstance(units, list) or len(units) != 1 or not isinstance(units[0], dict):
        raise missing("/purchase_units")
    unit = units[0]
    money = money_of(unit, "amount")
    for name, longest in (
        ("description", 127),
        ("custom_id", 255),
        ("invoice_id", 127),
        ("soft_descriptor", 22),
    ):
        if not isinstance(unit.get(name, ""), str) or len(unit.get(name, "")) > longest:
            raise invalid(f"/purchase_units/0/{name}", "INVALID_STRING_MAX_LENGTH")
    source = part(part(body, "payment_source"), "paypal")
    if not source:
        raise missing("/payment_source/paypal")
    if not request_id:
        raise missing("PayPal-Request-Id")
    order = {
        "id": new_id(),
        "intent": "CAPTURE",
        "status": "PAYER_ACTION_REQUIRED",
        "create_time": timestamp(),
        "purchase_units": [
            {
                **{name: unit[name] for name in ("description", "custom_id", "invoice_id") if name in unit},
                "reference_id": unit.get("reference_id", "default"),
                "amount": {"currency_code": money.currency, "value": written(money)},
            }
        ],
        "payment_source": {"paypal": {}},
        "simulator": {"context": dict(part(source, "experience_context")), "vault": _wants_vault(source)},
    }
    if "vault_id" in source:
        return _charge_saved(shop, order, str(source["vault_id"]))
    context = part(source, "experience_context")
    for name in ("return_url", "cancel_url"):
        if not str(context.get(name, "")).startswith(("http://", "https://")):
            raise missing(f"/payment_source/paypal/experience_context/{name}")
    shop.put("order", order)
    return order


def _wants_vault(source: Mapping[str, Any]) -> bool:
    vault = part(part(source, "attributes"), "vault")
    if vault and (vault.get("store_in_vault"), vault.get("usage_type")) != ("ON_SUCCESS", "MERCHANT"):
        raise invalid("/payment_source/paypal/attributes/vault")
    return bool(vault)


def _charge_saved(shop: Shop, order: dict[str, Any], vault_id: str) -> dict[str, Any]:
    token = shop.world.store.get("paypal", "token", vault_id, account=shop.account)
    if token is None:
        raise refused("INVALID_VAULT_ID", "/payment_source/paypal/vault_id")
    if shop.world.faults.declined("paypal", "saved"):
        raise refused("INSTRUMENT_DECLINED")
    order["payment_source"] = {"paypal": token["payment_source"]["paypal"]}
    return _take(shop, order, pending=False)


def approve(shop: Shop, order: dict[str, Any], how: str) -> None:
    """The payer said yes on the page; ``how`` is ``pay``, ``review`` (the capture waits) or ``decline``."""
    order["status"] = "APPROVED"
    order["simulator"]["how"] = how
    payer = {"email_address": "buyer@simulated.example", "account_id": "SIMULATEDPAYER"}
    order["payment_source"] = {"paypal": payer}
    shop.put("order", order)
    shop.tell("CHECKOUT.ORDER.APPROVED", "checkout-order", shown(shop, order))


def capture(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    """``POST …/capture``. Raises Problem."""
    if order["status"] == "COMPLETED":
        raise refused("ORDER_ALREADY_CAPTURED")
    if order["status"] != "APPROVED":
        raise refused("ORDER_NOT_APPROVED")
    how = order["simulator"]["how"]
    if how == "decline" or shop.world.faults.declined("paypal", "capture"):
        order["status"] = "PAYER_ACTION_REQUIRED"  # the payer may choose another instrument
        shop.put("order", order)
        raise refused("INSTRUMENT_DECLINED")
    return _take(shop, order, pending=how == "review")


def _take(shop: Shop, order: dict[str, Any], *, pending: bool) -> dict[str, Any]:
    unit = order["purchase_units"][0]
    taken = {
        "id": new_id(),
        "status": "PENDING" if pending else "COMPLETED",
        "amount": unit["amount"],
        "final_capture": True,
        "create_time": timestamp(),
        "supplementary_data": {"related_ids": {"order_id": order["id"]}},
        **{name: unit[name] for name in ("custom_id", "invoice_id") if name in unit},
    }
    if pending:
        taken["status_details"] = {"reason": "PENDING_REVIEW"}
    shop.put("capture", taken)
    order["status"] = "COMPLETED"
    order["simulator"]["capture"] = taken["id"]
    if order["simulator"]["vault"]:
        _save(shop, order)
    shop.put("order", order)
    shop.tell(f"PAYMENT.CAPTURE.{taken['status']}", "capture", taken)
    return order


def _save(shop: Shop, order: dict[str, Any]) -> None:
    customer = {"id": new_id(10)}
    payer = {"email_address": order["payment_source"]["paypal"]["email_address"], "usage_type": "MERCHANT"}
    token = {"id": new_id(16).lower(), "customer": customer, "payment_source": {"paypal": payer}}
    shop.put("token", token)
    vault = {"id": token["id"], "status": "VAULTED", "customer": customer}
    order["payment_source"]["paypal"]["attributes"] = {"vault": vault}
    shop.tell("VAULT.PAYMENT-TOKEN.CREATED", "payment_token", token)


def settle(shop: Shop, capture_id: str, status: str) -> dict[str, Any]:
    """A capture that waited for a review is decided: COMPLETED or DECLINED."""
    taken = shop.get("capture", capture_id)
    if taken["status"] != "PENDING" or status not in ("COMPLETED", "DECLINED"):
        raise ValueError(status)
    taken["status"] = status
    taken.pop("status_details", None)
    shop.put("capture", taken)
    shop.tell(f"PAYMENT.CAPTURE.{status}", "capture", taken)
    return taken


def shown(shop: Shop, order: dict[str, Any]) -> dict[str, Any]:
    """The order as the API shows it: with its captures and refunds as they are now, and its links."""
    result = {name: value for name, value in order.items() if name != "simulator"}
    if taken := order["simulator"].get("capture"):
        refunds = [refund for refund in shop.all("refund") if refund["simulator"]["capture"] == taken]
        payments = {"captures": [shop.get("capture", taken)]}
        if refunds:
            payments["refunds"] = [without_notes(each) for each in refunds]
        result["purchase_units"] = [{**order["purchase_units"][0], "payments": payments}]
    links = [{"rel": "self", "method": "GET", "href": f"{shop.base}/v2/checkout/orders/{order['id']}"}]
    if order["status"] == "PAYER_ACTION_REQUIRED":
        href = f"{shop.base}/checkoutnow?token={order['id']}"
        links.append({"rel": "payer-action", "method": "GET", "href": href})
    return {**result, "links": links}


def without_notes(document: dict[str, Any]) -> dict[str, Any]:
    """A document without what only the simulator knows."""
    return {name: value for name, value in document.items() if name != "simulator"}
