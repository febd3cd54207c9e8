"""Conditional requests on single objects (RFC 9110, 13): 304 for what a client has, 412 for what has changed.

Reading an object gives an ETag of what was answered. ``If-None-Match`` on the next reading spares the body;
``If-Match`` on PUT, PATCH and DELETE refuses to overwrite what somebody else changed meanwhile: the object's
row is locked and read anew, as this person sees it, in the transaction of the change. Give the ETag of a
reading without ``?fields=``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from shared_apps.core.locking import lock
from shared_apps.core.transactions import DoorTransaction

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


def takes_precondition(view: Any, method: str | None) -> bool:
    """Whether a view answers ``If-Match`` on a method: it changes a single object that it also reads."""
    return (
        method in _UNSAFE
        and isinstance(view, ConditionalMixin)
        and bool(getattr(view, "detail", False))
        and getattr(view, "retrieve", None) is not None
    )


class ConditionalMixin:
    """For view sets with ``retrieve``."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After everything that may refuse the request: wrap the handler of a change with a precondition."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]
        wanted = request.headers.get("If-Match")
        if wanted is None or wanted.strip() == "*" or not takes_precondition(self, request.method):
            return
        name = str(request.method).lower()
        handler = getattr(self, name)
        setattr(self, name, lambda *a, **k: self._unless_changed(wanted, handler, *a, **k))

    def _unless_changed(
        self, wanted: str, handler: Callable[..., Any], request: Request, *args: Any, **kwargs: Any
    ) -> Any:
        with DoorTransaction():
            self._current(request, *args, **kwargs)  # 404 to whom it is hidden, before its row is touched
            view: Any = self
            name = view.lookup_url_kwarg or view.lookup_field
            model = view.get_queryset().model
            lock(model._base_manager.filter(**{view.lookup_field: kwargs[name]}))
            if etag_of(self._current(request, *args, **kwargs)) not in parse_etags(wanted):
                raise PreconditionFailed
            return handler(request, *args, **kwargs)

    def _current(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """What reading the object answers now."""
        action = self.action  # type: ignore[has-type]
        self.action = "retrieve"
        try:
            return self.retrieve(request, *args, **kwargs).data  # type: ignore[attr-defined]
        finally:
            self.action = action

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
