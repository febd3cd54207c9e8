"""Which renderer answers: most clients take anything or ask for JSON, and that needs no parsing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_ANYTHING = ("", "*/*")


class QuickNegotiation(DefaultContentNegotiation):
    """DRF's negotiation, decided at once for ``Accept: */*`` and for the first renderer's own type."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> Any:
        """The renderer and the media type of the answer."""
        first, accepted = next(iter(renderers)), request.META.get("HTTP_ACCEPT", "")
        if format_suffix is None and (accepted in _ANYTHING or accepted == first.media_type):
            return first, first.media_type
        return super().select_renderer(request, renderers, format_suffix)
