"""What happened, and who wants to be told."""

from __future__ import annotations

from .books import EVENT_TYPES, Books, Doc, merged, page
from .calls import Call, handles
from .errors import invalid


@handles("events.retrieve")
def retrieve_event(books: Books, call: Call) -> Doc:
    """One event."""
    return books.get("event", call.id)


@handles("events.list")
def list_events(books: Books, call: Call) -> Doc:
    """Newest first; what webhooks lost can be found here."""
    docs = books.all("event")
    kinds = set(call.params.get("types", [])) | ({call.params["type"]} if "type" in call.params else set())
    if kinds:
        docs = [each for each in docs if each["type"] in kinds]
    return page("/v1/events", docs, call.params)


@handles("webhook_endpoints.create")
def create_endpoint(books: Books, call: Call) -> Doc:
    """The secret is told once."""
    unknown = [each for each in call.params["enabled_events"] if each != "*" and each not in EVENT_TYPES]
    if unknown:
        raise invalid(f"Stripe sends no {unknown[0]}", param="enabled_events")
    secret = books.new_id("whsec", 32)
    doc: Doc = {
        "id": books.new_id("we"),
        "object": "webhook_endpoint",
        "api_version": call.params.get("api_version"),
        "application": None,
        "created": books.now,
        "description": call.params.get("description"),
        "enabled_events": call.params["enabled_events"],
        "livemode": False,
        "metadata": merged({}, call.params.get("metadata")),
        "status": "enabled",
        "url": call.params["url"],
        "_secret": secret,
        "_connect": call.params.get("connect", False),
    }
    books.save(doc)
    return {**doc, "secret": secret}


@handles("webhook_endpoints.retrieve")
def retrieve_endpoint(books: Books, call: Call) -> Doc:
    """Without its secret."""
    return books.get("webhook_endpoint", call.id)


@handles("webhook_endpoints.list")
def list_endpoints(books: Books, call: Call) -> Doc:
    """Newest first."""
    return page("/v1/webhook_endpoints", books.all("webhook_endpoint"), call.params)


@handles("webhook_endpoints.update")
def update_endpoint(books: Books, call: Call) -> Doc:
    """Address, events, and whether it is on."""
    doc = books.get("webhook_endpoint", call.id)
    for name in ("url", "enabled_events", "description"):
        if name in call.params:
            doc[name] = call.params[name]
    if "disabled" in call.params:
        doc["status"] = "disabled" if call.params["disabled"] else "enabled"
    return books.save(doc)


@handles("webhook_endpoints.delete")
def delete_endpoint(books: Books, call: Call) -> Doc:
    """No more events."""
    books.drop(books.get("webhook_endpoint", call.id))
    return {"id": call.id, "object": "webhook_endpoint", "deleted": True}
