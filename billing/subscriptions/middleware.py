"""What an organisation's own plan asks of each request on its host: read only where it is not paid, and the
bytes over the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from shared_apps.core.api.errors import error_response
from shared_apps.core.context import PUBLIC, host_schema

from . import api_meter
from .rules.limits import Limit
from .standing import standing_of

QUOTA_HEADER: Final = "X-Quota-Remaining"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
#: What stays open for writing: coming and going, oneself, and paying.
_OPEN: Final = (
    "/api/v1/auth/", "/api/v1/subscription/", "/api/v1/organisations/", "/login/", "/logout/", "/password/",
    "/security/", "/language/", "/account/", "/organisations/", "/enter/", "/subscription/", "/pay/",
)  # fmt: skip
#: What ends a risk is never refused.
_ENDING: Final = ("/cancel/", "/stop/", "/pause/", "/close/", "/disconnect/", "/kill-switch/")


class PlanMiddleware:
    """Stands after the one that knows the person."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        schema = host_schema()
        if schema == PUBLIC:
            return self.get_response(request)
        standing = standing_of(schema)
        path = request.path_info
        is_open = path.startswith(_OPEN)
        writes = request.method not in _SAFE and not is_open and not path.endswith(_ENDING)
        if writes and standing.is_read_only(timezone.now()):
            return _refused(request)
        if standing.api_bytes is None or not path.startswith("/api/"):
            return self.get_response(request)
        return self._metered(request, schema, standing.api_bytes, is_open)

    def _metered(self, request: HttpRequest, schema: str, limit: Limit, is_open: bool) -> HttpResponse:
        left = api_meter.remaining(schema, limit)
        if left == 0 and not is_open:
            return _used_up(request)
        response = self.get_response(request)
        _count(schema, request, response)
        if (left := api_meter.remaining(schema, limit)) is not None:
            response[QUOTA_HEADER] = str(left)
        return response


def _count(schema: str, request: HttpRequest, response: HttpResponse) -> None:
    sent = request.META.get("CONTENT_LENGTH") or "0"
    api_meter.add(schema, int(sent) if sent.isdigit() else 0)
    if not response.streaming:
        api_meter.add(schema, len(response.content))
    elif isinstance(response, StreamingHttpResponse) and not response.is_async:
        response.streaming_content = _counted(schema, iter(response))


def _counted(schema: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        api_meter.add(schema, len(piece))
        yield piece


def _refused(request: HttpRequest) -> HttpResponse:
    return error_response(
        request,
        status=402,
        code="tenant.read_only",
        message=_(
            "This organisation can only be read: its own plan is not paid. Its owner pays on the platform, "
            "and everything can be changed again at once."
        ),
    )


def _used_up(request: HttpRequest) -> HttpResponse:
    response = error_response(
        request,
        status=429,
        code="quota.exceeded",
        message=_("Today's data over the API is used up; a new day begins at midnight (UTC)."),
        details={"meter": "api_bytes", "remaining": 0},
    )
    response["Retry-After"] = str(api_meter.seconds_left())
    response[QUOTA_HEADER] = "0"
    return response
