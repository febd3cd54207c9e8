"""Error tracking, only where SENTRY_DSN is set (S3-142): it costs 330 µs a request."""

from __future__ import annotations

from typing import Any

import sentry_sdk
from django.conf import settings

from .context import AUDIT, current_schema


def _add_context(event: Any, _hint: Any) -> Any:
    audit = AUDIT.get()
    event.setdefault("tags", {}).update({"tenant": current_schema(), "request_id": audit.request_id})
    if audit.actor_id is not None:
        event["user"] = {"id": str(audit.actor_id)}
    return event


def start() -> None:
    """Initialise the client. Sends no bodies, no addresses, no e-mail."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.ENVIRONMENT,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
        before_send=_add_context,
    )
