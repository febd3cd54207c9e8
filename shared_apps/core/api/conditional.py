"""Conditional requests on single objects (RFC 9110, 13): 304 for what a client has, 412 for what has changed.

Reading an object gives an ETag of what was answered. ``If-None-Match`` on the next reading spares the body;
``If-Match`` on PUT, PATCH and DELETE refuses to overwrite what somebody else changed meanwhile: the object is
read anew, as this person sees it, right before the change. Give the ETag of a reading without ``?fields=``.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from .body import FastJSONRenderer

_UNSAFE = frozenset({"PUT", "PATCH", "DELETE"})


class PreconditionFailed(APIException):
    """The object is not what the client thinks it is."""

    status_code = 412
    default_code = "precondition_failed"
    default_detail = _("This was changed meanwhile; read it again.")


def etag_of(data: Any) -> str:
    """The strong ETag of an answer's data."""
    return quote_etag(hashlib.blake2b(FastJSONRenderer().render(data), digest_size=16).hexdigest())


class ConditionalMixin:
    """For view sets with ``retrieve``."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After everything that may refuse the request: the precondition of a change."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        wanted = request.headers.get("If-Match")
        if wanted is None or request.method not in _UNSAFE or not getattr(self, "detail", False):
            return
        retrieve = getattr(self, "retrieve", None)
        if retrieve is None or wanted.strip() == "*":
            return
        action = self.action  # type: ignore[has-type]
        self.action = "retrieve"
        try:
            current = etag_of(retrieve(request, *args, **kwargs).data)
        finally:
            self.action = action
        if current not in parse_etags(wanted):
            raise PreconditionFailed

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The ETag of an object that was read, and 304 where the client has it."""
        if (
            getattr(self, "action", None) == "retrieve"
            and isinstance(response, Response)
            and response.status_code == 200
            and request.method in ("GET", "HEAD")
        ):
            etag = etag_of(response.data)
            if _has(etag, request.headers.get("If-None-Match")):
                response = Response(status=304)
            response["ETag"] = etag
            response["Cache-Control"] = "private, no-cache"
        return super().finalize_response(request, response, *args, **kwargs)  # type: ignore[misc]


def _has(etag: str, header: str | None) -> bool:
    """Whether If-None-Match names the ETag; compared weakly, as reading allows."""
    if not header:
        return False
    if header.strip() == "*":
        return True
    return etag in {each.removeprefix("W/") for each in parse_etags(header)}
