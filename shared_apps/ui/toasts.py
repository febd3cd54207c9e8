"""Messages to the person: a toast on the next page (django messages) or in an htmx answer (a header)."""

import json
from typing import Literal

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase

Tone = Literal["success", "error", "warning", "info"]

_LEVELS = {
    "success": messages.SUCCESS,
    "error": messages.ERROR,
    "warning": messages.WARNING,
    "info": messages.INFO,
}
UNDO_PREFIX = "undo:"


def add_toast(request: HttpRequest, message: str, tone: Tone = "success", *, undo_url: str = "") -> None:
    """Show `message` on the next full page. `undo_url` takes the action back by POST."""
    messages.add_message(
        request, _LEVELS[tone], message, extra_tags=f"{UNDO_PREFIX}{undo_url}" if undo_url else ""
    )


def toast_header(
    response: HttpResponseBase, message: str, tone: Tone = "success", *, undo_url: str = ""
) -> None:
    """Show `message` when htmx receives this answer."""
    detail = {"message": message, "tone": tone, "undo": undo_url or None}
    response.headers["HX-Trigger"] = json.dumps({"toast": detail})


def undo_url_of(extra_tags: str) -> str:
    """The address that `add_toast` put beside a message, or nothing."""
    return extra_tags.removeprefix(UNDO_PREFIX) if extra_tags.startswith(UNDO_PREFIX) else ""
