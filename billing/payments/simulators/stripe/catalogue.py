"""Products and prices."""

from __future__ import annotations

from typing import Any

from .books import Books, Doc, merged, page
from .calls import Call, handles
from .errors import invalid
from .intents import CURRENCIES

#: Stripe bills at most every three years.
LONGEST = {"day": 1095, "week": 156, "month": 36, "year": 3}


def new_product(books: Books, given: Doc) -> Doc:
    """Something to sell."""
    product: Doc = {
        "id": given.get("id") or books.new_id("prod", 14),
        "object": "product",
        "active": given.get("active", True),
        "created": books.now,
        "default_price": None,
        "description": given.get("description"),
        "images": [],
        "livemode": False,
        "marketing_features": [],
        "metadata": merged({}, given.get("metadata")),
        "name": given["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": given.get("statement_descriptor"),
        "tax_code": None,
        "type": "service",
        "unit_label": given.get("unit_label"),
        "updated": books.now,
        "url": given.get("url"),
    }
    if books.find(product["id"]):
        raise invalid(f"Product already exists: {product['id']}", param="id", code="resource_already_exists")
    return books.save(product, "product.created")


@handles("products.create")
def create_product(books: Books, call: Call) -> Doc:
    """A product."""
    return new_product(books, call.params)


@handles("products.retrieve")
def retrieve_product(books: Books, call: Call) -> Doc:
    """One product."""
    return books.get("product", call.id)


@handles("products.update")
def update_product(books: Books, call: Call) -> Doc:
    """Its words, and whether it is sold."""
    product = books.get("product", call.id)
    for name in ("active", "description", "name", "unit_label", "default_price", "url"):
        if name in call.params:
            product[name] = call.params[name]
    product["metadata"] = merged(product["metadata"], call.params.get("metadata"))
    product["updated"] = books.now
    return books.save(product, "product.updated", {})


@handles("products.list")
def list_products(books: Books, call: Call) -> Doc:
    """Newest first."""
    wanted = {"active": call.params["active"]} if "active" in call.params else {}
    docs = books.all("product", **wanted)
    if "ids" in call.params:
        docs = [each for each in docs if each["id"] in call.params["ids"]]
    return page("/v1/products", docs, call.params)


def new_price(books: Books, given: Doc, product: str) -> Doc:
    """What a product costs, once or every so often."""
    currency = given["currency"].lower()
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}.", param="currency")
    if "unit_amount" not in given:
        raise invalid("The simulator knows prices with `unit_amount` only.", param="unit_amount")
    recurring = given.get("recurring")
    price: Doc = {
        "id": books.new_id("price"),
        "object": "price",
        "active": given.get("active", True),
        "billing_scheme": "per_unit",
        "created": books.now,
        "currency": currency,
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": given.get("lookup_key"),
        "metadata": merged({}, given.get("metadata")),
        "nickname": given.get("nickname"),
        "product": product,
        "recurring": _recurring(recurring) if recurring else None,
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "recurring" if recurring else "one_time",
        "unit_amount": given["unit_amount"],
        "unit_amount_decimal": str(given["unit_amount"]),
    }
    return books.save(price, "price.created")


def _recurring(given: Doc) -> Doc:
    interval, count = given["interval"], given.get("interval_count", 1)
    if not 1 <= count <= LONGEST[interval]:
        raise invalid(f"Invalid interval_count: {count} {interval}s.", param="recurring[interval_count]")
    if given.get("usage_type", "licensed") != "licensed":
        raise invalid("The simulator has no metered prices.", param="recurring[usage_type]")
    return {
        "interval": interval,
        "interval_count": count,
        "meter": None,
        "trial_period_days": given.get("trial_period_days"),
        "usage_type": "licensed",
    }


@handles("prices.create")
def create_price(books: Books, call: Call) -> Doc:
    """For a product that exists, or for a new one."""
    asked = call.params
    if ("product" in asked) == ("product_data" in asked):
        raise invalid("Exactly one of product and product_data is needed.", param="product")
    if "product_data" in asked:
        product = new_product(books, asked["product_data"])
    else:
        product = books.get("product", asked["product"], "product")
    if asked.get("lookup_key"):
        for other in books.all("price", lookup_key=asked["lookup_key"]):
            if not asked.get("transfer_lookup_key"):
                raise invalid("A price already uses that lookup key.", param="lookup_key")
            other["lookup_key"] = None
            books.save(other)
    asked.get("transfer_lookup_key")
    return new_price(books, asked, product["id"])


@handles("prices.retrieve")
def retrieve_price(books: Books, call: Call) -> Doc:
    """One price."""
    return books.get("price", call.id)


@handles("prices.update")
def update_price(books: Books, call: Call) -> Doc:
    """Its words, and whether it is sold; never the amount."""
    price = books.get("price", call.id)
    for name in ("active", "nickname", "lookup_key"):
        if name in call.params:
            price[name] = call.params[name]
    price["metadata"] = merged(price["metadata"], call.params.get("metadata"))
    return books.save(price, "price.updated", {})


@handles("prices.list")
def list_prices(books: Books, call: Call) -> Doc:
    """Newest first."""
    wanted: dict[str, Any] = {
        name: call.params[name] for name in ("active", "product", "currency") if name in call.params
    }
    docs = books.all("price", **wanted)
    if "lookup_keys" in call.params:
        docs = [each for each in docs if each["lookup_key"] in call.params["lookup_keys"]]
    return page("/v1/prices", docs, call.params)


def price_of(books: Books, item: Doc, *, currency: str) -> Doc:
    """The price that a line names, or describes."""
    if "price" in item:
        price = books.get("price", item["price"], "price")
    elif "price_data" in item:
        data = item["price_data"]
        if "product_data" in data:
            product = new_product(books, data["product_data"])["id"]
        else:
            product = books.get("product", data["product"], "product")["id"]
        price = new_price(books, data, product)
    else:
        raise invalid("A line needs a price or price_data.", param="line_items")
    if not price["active"]:
        raise invalid(
            f"The price specified is inactive. This field only accepts active prices: {price['id']}",
            param="price",
        )
    if currency and price["currency"] != currency:
        raise invalid("All prices of one subscription have the same currency.", param="items")
    return price


def one_time_or_recurring(price: Doc) -> str:
    """In words."""
    return "recurring" if price["recurring"] else "one-time"
