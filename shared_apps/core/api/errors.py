"""One error shape at every door (S4-83, decision C13); never the text of an exception we did not write."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from shared_apps.core.errors import DomainError, TooManyRequestsError, UnauthenticatedError, error_body

#: Statuses that have a page of their own for people (templates/<status>.html).
_PAGES = frozenset({400, 402, 403, 404, 429, 500, 503})

#: The safe catalogue: code and message for each status, where nothing more exact was said.
CATALOGUE: dict[int, tuple[str, Any]] = {
    400: ("bad_request", _("The request could not be understood.")),
    401: ("not_authenticated", _("Sign in first.")),
    402: ("payment_required", _("A payment is due first.")),
    403: ("permission_denied", _("You may not do this.")),
    404: ("not_found", _("It does not exist, or you may not see it.")),
    405: ("method_not_allowed", _("This address does not take that method.")),
    406: ("not_acceptable", _("The answer does not come in the form that was asked for.")),
    409: ("conflict", _("Somebody else was there first.")),
    412: ("precondition_failed", _("This was changed meanwhile; read it again.")),
    413: ("too_large", _("The request is too large.")),
    415: ("unsupported_media_type", _("This kind of content is not taken here.")),
    422: ("unprocessable", _("The request contradicts an earlier one.")),
    429: ("throttled", _("Too many requests; wait a moment.")),
    500: ("server_error", _("Something broke on our side. It has been recorded.")),
    503: ("unavailable", _("It cannot be done now; try again later.")),
}


def catalogue_entry(status: int) -> tuple[str, str]:
    """Code and message of a status, from the catalogue or from its HTTP name."""
    if status in CATALOGUE:
        code, message = CATALOGUE[status]
        return code, str(message)
    phrase = HTTPStatus(status).phrase
    return phrase.lower().replace(" ", "_"), phrase


def wants_json(request: HttpRequest) -> bool:
    """Whether the caller is a program rather than a person with a browser."""
    return request.path.startswith(("/api/", "/ws/", "/health/", "/metrics")) or not request.accepts(
        "text/html"
    )


def error_response(
    request: HttpRequest,
    *,
    status: int,
    code: str = "",
    message: str = "",
    details: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """An error for middlewares and plain views, in the form that the caller speaks."""
    known_code, known_message = catalogue_entry(status)
    body = error_body(
        status=status,
        code=code or known_code,
        message=str(message) or known_message,
        details=details,
        request_id=getattr(request, "request_id", ""),
    )
    if wants_json(request) or status not in _PAGES:
        return JsonResponse(body, status=status)
    return _page(request, f"{status}.html", body)


def _page(request: HttpRequest, template: str, body: dict[str, Any]) -> HttpResponse:
    """A page for people. Without context processors: what they query may be what fails."""
    context = {
        "error": body,
        "request_id": body["request_id"],
        "theme": "dark" if request.COOKIES.get("theme") == "dark" else "system",
    }
    return HttpResponse(render_to_string(template, context), status=body["status_code"])


# --- DRF -------------------------------------------------------------------------------------------


def exception_handler(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's EXCEPTION_HANDLER: every error it or a service raises, in the one shape.

    None for what nobody foresaw: Django turns it into :func:`server_error`, and Sentry hears of it.
    """
    request = context.get("request")
    request_id = getattr(getattr(request, "_request", request), "request_id", "")
    headers: dict[str, str] = {}
    if isinstance(exc, DomainError):
        status, code, message, details = exc.status, exc.code, exc.message, exc.details
        if isinstance(exc, UnauthenticatedError):
            headers["WWW-Authenticate"] = 'Bearer realm="api"'
        elif isinstance(exc, TooManyRequestsError):
            headers["Retry-After"] = str(exc.retry_after)
    elif isinstance(exc, exceptions.ValidationError | ModelValidationError):
        status, code, message = 400, "validation_error", str(_("Some values are not valid."))
        details = field_errors(exc)
    else:
        known = _known(exc)
        if known is None:
            return None
        status, code, message, details = known
        if auth_header := getattr(exc, "auth_header", None):
            headers["WWW-Authenticate"] = auth_header
        if wait := getattr(exc, "wait", None):
            headers["Retry-After"] = str(int(wait) + 1)
    body = error_body(status=status, code=code, message=str(message), details=details, request_id=request_id)
    return Response(body, status=status, headers=headers)


def field_errors(exc: exceptions.ValidationError | ModelValidationError) -> dict[str, Any]:
    """``{field: [text]}`` of a validation error; ``non_field_errors`` for the whole."""
    details: dict[str, Any] = as_serializer_error(exc)
    return details


def _known(exc: Exception) -> tuple[int, str, str, dict[str, Any]] | None:
    """Status, code, message, details of the errors that Django and DRF raise on purpose."""
    if isinstance(exc, exceptions.APIException):
        code, message = catalogue_entry(exc.status_code)
        if isinstance(exc, exceptions.ParseError | exceptions.AuthenticationFailed | exceptions.NotFound):
            # Texts of these are written for callers, by DRF or by us.
            return exc.status_code, _code_of(exc, code), _text_of(exc, message), {}
        return exc.status_code, code, message, {}
    for kind, status in (
        (Http404, 404),
        (PermissionDenied, 403),
        (RequestDataTooBig, 413),
        (SuspiciousOperation, 400),
    ):
        if isinstance(exc, kind):
            return status, *catalogue_entry(status), {}
    return None


def _code_of(exc: exceptions.APIException, fallback: str) -> str:
    detail = exc.detail
    code = detail.get("code") if isinstance(detail, dict) else getattr(detail, "code", "")
    return str(code) if code and code != "error" else fallback


def _text_of(exc: exceptions.APIException, fallback: str) -> str:
    detail = exc.detail.get("detail") if isinstance(exc.detail, dict) else exc.detail
    return str(detail) if isinstance(detail, str) else fallback


# --- Django: whatever happens outside DRF ----------------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler400."""
    status = 413 if isinstance(exception, RequestDataTooBig) else 400
    return error_response(request, status=status)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    return error_response(request, status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler404."""
    return error_response(request, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500."""
    return error_response(request, status=500)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW: the same shape, with a page that tells a person to reload."""
    message = str(_("The form is out of date or came from another site. Load the page again."))
    if wants_json(request):
        return error_response(request, status=403, code="csrf_failed", message=message)
    request_id = getattr(request, "request_id", "")
    body = error_body(status=403, code="csrf_failed", message=message, request_id=request_id)
    return _page(request, "403_csrf.html", body)
