"""Items of a subscription."""

from __future__ import annotations

from .books import Books, Doc, merged
from .catalogue import price_of
from .errors import invalid


def new_items(books: Books, subscription: str, given: list[Doc], *, currency: str = "") -> list[Doc]:
    """Items at their prices; all have the same interval and currency."""
    if not given:
        raise invalid("Missing required param: items.", param="items", code="parameter_missing")
    items = []
    for each in given:
        price = price_of(books, each, currency=currency)
        if price["recurring"] is None:
            raise invalid("The price specified is set to `type=one_time`.", param="items[0][price]")
        currency = price["currency"]
        items.append(
            {
                "id": books.new_id("si", 14),
                "object": "subscription_item",
                "billing_thresholds": None,
                "created": books.now,
                "current_period_start": books.now,
                "current_period_end": books.now,
                "discounts": [],
                "metadata": merged({}, each.get("metadata")),
                "plan": plan_of(price),
                "price": price,
                "quantity": each.get("quantity", 1),
                "subscription": subscription,
                "tax_rates": [],
            }
        )
    if (
        len({(i["price"]["recurring"]["interval"], i["price"]["recurring"]["interval_count"]) for i in items})
        > 1
    ):
        raise invalid("The simulator bills all items of a subscription at the same interval.", param="items")
    return items


def plan_of(price: Doc) -> Doc:
    """The price as its predecessor was called."""
    return {
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": "per_unit",
        "created": price["created"],
        "currency": price["currency"],
        "interval": price["recurring"]["interval"],
        "interval_count": price["recurring"]["interval_count"],
        "livemode": False,
        "metadata": price["metadata"],
        "meter": None,
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": None,
        "transform_usage": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }
