"""A browser without scripts: Django's client, logged in through the log-in page."""

from __future__ import annotations

from typing import Any

from django.test import Client

from shared_apps.tenants import demo


def visitor(slug: str | None = None, who: str | None = None, **defaults: Any) -> Client:
    """A client of a tenant's host (or the platform's), logged in as one of the demo's people."""
    host = f"{slug}.localhost" if slug else "localhost"
    client = Client(headers={"host": host}, raise_request_exception=False, **defaults)
    if who is not None:
        email = f"{who}@{slug}.example.com" if slug else f"{who}@example.com"
        answer = client.post("/login/", {"login": email, "password": demo.PASSWORD})
        assert answer.status_code == 302, answer.content.decode()[:2000]
    return client


HTMX = {"HX-Request": "true"}
