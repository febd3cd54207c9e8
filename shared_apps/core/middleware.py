"""The outermost layer of every request: its id, its bounds, its line in the log, its place in the metrics.

Stands before the tenant middleware, so that unknown hosts are logged and health answers on any host.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from . import health, metrics
from .api.body import text_problem
from .api.errors import error_response, wants_json
from .bounds import body_problem
from .context import PUBLIC, clean_request_id

logger = logging.getLogger("tradehall.access")


class RequestMiddleware:
    """See the module."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        request_id = clean_request_id(request.META.get("HTTP_X_REQUEST_ID"))
        request.META["HTTP_X_REQUEST_ID"] = request_id
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self._early_answer(request) or self.get_response(request)
        response = in_shape(request, response)
        response["X-Request-ID"] = request_id
        if standing := getattr(request, "rate_standing", None):
            for name, value in standing.headers().items():
                response[name] = value
        self._record(request, response, time.perf_counter() - started)
        return response

    def _early_answer(self, request: HttpRequest) -> HttpResponse | None:
        if request.path_info.startswith("/health/"):
            return health.answer(request)
        if request.path_info == "/metrics":
            allowed = health.is_operator(request) or health.is_loopback(request)
            return metrics.exposition(request) if allowed else error_response(request, status=404)
        return refuse_oversized(request) or refuse_unstorable(request)

    def _record(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        tenant = getattr(getattr(request, "tenant", None), "schema_name", "")
        actor = getattr(request, "actor", None)  # absent where the request ended before authentication
        facts = {
            "request_id": request.META["HTTP_X_REQUEST_ID"],
            "method": request.method,
            "path": request.path,
            "status": response.status_code,
            "ms": round(seconds * 1000, 2),
        }
        if tenant and tenant != PUBLIC:
            facts["tenant"] = tenant
        if actor is not None and actor.user_id is not None:
            facts["user_id"] = actor.user_id
        level = logging.WARNING if response.status_code >= 500 else logging.INFO
        logger.log(level, "request", extra=facts)
        metrics.observe_request(request, response.status_code, seconds, tenant)


def in_shape(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """The answer itself, or for the API an error in our shape where something else made a page of it.

    Django's own debug pages, and whatever third-party code answers with.
    """
    if response.status_code < 400 or not request.path_info.startswith("/api/"):
        return response
    if response.get("Content-Type", "").startswith("application/json"):
        return response
    return error_response(request, status=response.status_code)


def refuse_oversized(request: HttpRequest) -> HttpResponse | None:
    """411 or 413 before anything is read."""
    problem = body_problem(
        request.META.get("CONTENT_LENGTH") or "",
        request.META.get("CONTENT_TYPE", ""),
        request.META.get("HTTP_TRANSFER_ENCODING", ""),
    )
    if problem is None:
        return None
    status, code, message = problem
    return error_response(request, status=status, code=code, message=message)


def refuse_unstorable(request: HttpRequest) -> HttpResponse | None:
    """400 naming the parameter for NUL or broken Unicode in address and query: no filter can hold it."""
    query = request.META.get("QUERY_STRING", "")
    if "%" not in query and text_problem(query) == "" and text_problem(request.path_info) == "":
        return None
    if problem := text_problem(request.path_info):
        return error_response(request, status=404 if not wants_json(request) else 400, message=problem)
    bad = {
        name.replace("\x00", ""): [problem]
        for name, value in parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
        if (problem := text_problem(name) or text_problem(value))
    }
    if not bad:
        return None
    return error_response(
        request,
        status=400,
        code="validation_error",
        message=_("Some values are not valid."),
        details=bad,
    )
